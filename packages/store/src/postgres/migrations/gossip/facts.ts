/** Facts as rows of `gossip_outbox`, and who is told. Kinds are the wire's (protocol/FactCodec.ts); ids in JSON are text. */

/** Nobody is told in a datacenter that is not among the known. */
const put = `
CREATE FUNCTION gossip_put(destination smallint, kind smallint, key bigint, payload jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO gossip_outbox (destination, kind, key, payload)
  SELECT gossip_put.destination, gossip_put.kind, gossip_put.key, gossip_put.payload
  WHERE gossip_put.destination IS NOT NULL
$$`

/** Direct posts are for the homes of those whom they mention; all others are for everybody. */
const destinations = `
CREATE FUNCTION gossip_destinations(visibility smallint, mentions jsonb) RETURNS SETOF smallint LANGUAGE sql STABLE AS $$
  SELECT -1::smallint WHERE visibility < 3
  UNION ALL
  SELECT DISTINCT home_of((m->>'id')::bigint) FROM jsonb_array_elements(mentions) m
  WHERE visibility = 3 AND is_remote((m->>'id')::bigint) AND home_of((m->>'id')::bigint) IS NOT NULL
$$`

/** Milliseconds since 1970. */
const millis = `
CREATE FUNCTION millis_of(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT floor(extract(epoch FROM at) * 1000)::bigint
$$`

const post = `
CREATE FUNCTION gossip_post(id bigint, author bigint, version integer, visibility smallint, sensitive boolean, reply_to bigint,
  reply_to_author bigint, repost_of bigint, conversation bigint, edited_at timestamptz, mentions jsonb, tags jsonb, pictures boolean
) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', id::text, 'author', author::text, 'version', version, 'visibility', visibility,
    'sensitive', sensitive, 'replyTo', reply_to::text, 'replyToAuthor', reply_to_author::text, 'repostOf', repost_of::text,
    'conversation', conversation::text, 'editedAt', coalesce(millis_of(edited_at), 0),
    'mentions', coalesce(jsonb_path_query_array(mentions, '$[*].id'), '[]'), 'tags', coalesce(tags, '[]'), 'pictures', pictures)
$$`

/** The last arguments of `gossip_post` for a row of posts: one look into an index each, made by whoever calls, so that the function is inlined. */
export const partsOf = (row: string): string =>
  `(SELECT jsonb_agg(t.tag ORDER BY t.tag) FROM post_tags t WHERE t.post_id = ${row}.id AND t.visibility < 3), ${row}.media IS NOT NULL`

const tombstone = `
CREATE FUNCTION gossip_tombstone(id bigint, author bigint, deleted_at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', id::text, 'author', author::text, 'deletedAt', millis_of(deleted_at))
$$`

const account = `
CREATE FUNCTION gossip_account(a accounts) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', (a).id::text, 'version', (a).gossip_version, 'username', (a).username,
    'displayName', (a).display_name, 'note', (a).note, 'locked', (a).locked, 'bot', (a).bot, 'discoverable', (a).discoverable,
    'fields', (a).fields, 'avatar', (a).avatar, 'header', (a).header, 'suspended', (a).disabled_at IS NOT NULL, 'gone', false)
$$`

const goneAccount = `
CREATE FUNCTION gossip_gone(id bigint, version bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', id::text, 'version', version, 'username', '', 'displayName', '', 'note', '',
    'locked', false, 'bot', false, 'discoverable', false, 'fields', '[]'::jsonb, 'avatar', NULL, 'header', NULL, 'suspended', true, 'gone', true)
$$`

const follow = `
CREATE FUNCTION gossip_follow(r remote_follows) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('follower', (r).follower::text, 'followee', (r).followee::text, 'version', (r).version,
    'active', (r).active, 'asked', (r).asked)
$$`

const answer = `
CREATE FUNCTION gossip_answer(r remote_follows) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('follower', (r).follower::text, 'followee', (r).followee::text, 'version', (r).answer_version,
    'verdict', (r).verdict)
$$`

const block = `
CREATE FUNCTION gossip_block(r remote_blocks) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('account', (r).account::text, 'target', (r).target::text, 'version', (r).version, 'active', (r).active)
$$`

const like = `
CREATE FUNCTION gossip_like(r remote_likes) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('account', (r).account::text, 'post', (r).post_id::text, 'version', (r).version, 'active', (r).active)
$$`

const counts = `
CREATE FUNCTION gossip_counts(r post_counts_elsewhere) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('post', (r).post_id::text, 'version', (r).version, 'likes', (r).likes, 'reposts', (r).reposts,
    'replies', (r).replies)
$$`

const accountCounts = `
CREATE FUNCTION gossip_account_counts(r account_counts) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', (r).account::text, 'version', (r).version, 'followers', (r).followers,
    'following', (r).following, 'statuses', (r).statuses, 'lastStatusAt', (r).last_status_at)
$$`

export const facts: ReadonlyArray<string> = [
  put, destinations, millis, post, tombstone, account, goneAccount, follow, answer, block, like, counts, accountCounts
]
