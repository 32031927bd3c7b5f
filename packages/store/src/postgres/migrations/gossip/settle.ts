/**
 * What a pair's records come to. The records (follow, answer, blocks) each have one writer; the edge that everything else
 * reads (`follows`), the request, the counters and the windows are derived from them here, so the order in which records
 * came does not matter. Whoever calls has locked the reader and author rows of both.
 */

/** 0 when the followee's home has not answered this version of the follow. */
const verdict = `
CREATE FUNCTION gossip_verdict(r remote_follows) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (r).answer_version = (r).version THEN (r).verdict ELSE 0 END::smallint
$$`

/**
 * The followee's home answers each version of a follow once, by its own records alone: what the follower's side says of blocks
 * is in the follow already, and may come earlier or later. A follow of a locked account waits for its person.
 */
const decide = `
CREATE FUNCTION gossip_decide(f bigint, e bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  said smallint;
BEGIN
  IF NOT EXISTS (SELECT FROM remote_follows WHERE follower = f AND followee = e AND active AND answer_version < version) THEN
    RETURN;
  END IF;
  SELECT CASE
    WHEN a.disabled_at IS NOT NULL OR EXISTS (SELECT FROM blocks WHERE account = e AND target = f) THEN 3
    WHEN a.locked THEN 1 ELSE 2 END INTO said
  FROM accounts a WHERE a.id = e;
  PERFORM gossip_answered(f, e, coalesce(said, 3)::smallint);
END $$`

/** How the reader's window stands to another now, under a new version unless the edge has raised it. */
const tellWindow = `
CREATE FUNCTION gossip_tell_window(who bigint, whom bigint, raise_version boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_remote(who) THEN RETURN; END IF;
  IF raise_version THEN UPDATE readers SET follow_version = follow_version + 1 WHERE account = who; END IF;
  INSERT INTO outbox (owner, kind, payload, claimed_until)
  SELECT who, 6, jsonb_build_object('windows', jsonb_build_array(jsonb_build_object(
    'reader', a.id::text, 'readerNo', a.no, 'readerShard', a.shard, 'followVersion', r.follow_version,
    'other', o.id::text, 'otherNo', o.no,
    'following', EXISTS (SELECT FROM follows f WHERE f.follower = a.id AND f.followee = o.id AND f.active),
    'hidden', k.blocked OR m.account IS NOT NULL,
    'hiddenMillis', CASE WHEN NOT k.blocked THEN extract(epoch FROM m.expires_at - clock_timestamp()) * 1000 END))),
    clock_timestamp()
  FROM accounts a JOIN readers r ON r.account = a.id JOIN accounts o ON o.id = whom
  LEFT JOIN mutes m ON m.account = a.id AND m.target = o.id AND (m.expires_at IS NULL OR m.expires_at > now())
  CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM blocks b WHERE (b.account = a.id AND b.target = o.id) OR (b.account = o.id AND b.target = a.id)) AS blocked) k
  WHERE a.id = who;
END $$`

/** An edge of an own follower: as `edgeChange` of the store writes it. */
const ownEdge = `
CREATE FUNCTION gossip_own_edge(f bigint, e bigint, visible boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  step integer := CASE WHEN visible THEN 1 ELSE -1 END;
  edge follows; set_version bigint; place bigint;
BEGIN
  INSERT INTO follows AS x (follower, followee, follower_no, followee_no, follower_shard, active, reblogs, notify, languages)
  SELECT f, e, a.no, b.no, a.shard, visible, coalesce(q.reblogs, true), coalesce(q.notify, false), q.languages
  FROM accounts a JOIN accounts b ON b.id = e LEFT JOIN follow_requests q ON q.account = f AND q.target = e WHERE a.id = f
  ON CONFLICT (follower, followee) DO UPDATE SET active = visible, version = x.version + 1, id = excluded.id, created_at = now()
  RETURNING x.* INTO edge;
  UPDATE readers SET follow_version = follow_version + 1, following = following + step WHERE account = f
  RETURNING follow_version INTO set_version;
  UPDATE authors SET edge_sequence = edge_sequence + 1, followers = followers + step WHERE account = e
  RETURNING edge_sequence INTO place;
  INSERT INTO gossip_marks (kind, key) VALUES (2, f) ON CONFLICT DO NOTHING;
  INSERT INTO outbox (owner, kind, payload, claimed_until) VALUES (f, 3, jsonb_build_object(
    'follower', f::text, 'followerNo', edge.follower_no, 'followerShard', edge.follower_shard, 'followee', e::text,
    'followeeNo', edge.followee_no, 'active', visible, 'version', edge.version, 'sequence', place,
    'followVersion', set_version), clock_timestamp());
  PERFORM gossip_tell_window(f, e, false);
END $$`

/** An edge of a follower elsewhere: known here, but nobody's to deliver to. */
const farEdge = `
CREATE FUNCTION gossip_far_edge(f bigint, e bigint, visible boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO follows AS x (follower, followee, follower_no, followee_no, follower_shard, active)
  SELECT f, e, a.no, b.no, 0, visible FROM accounts a, accounts b WHERE a.id = f AND b.id = e
  ON CONFLICT (follower, followee) DO UPDATE SET active = visible, version = x.version + 1, id = excluded.id, created_at = now();
  UPDATE authors SET followers_elsewhere = followers_elsewhere + CASE WHEN visible THEN 1 ELSE -1 END WHERE account = e;
  INSERT INTO gossip_marks (kind, key) VALUES (1, e) ON CONFLICT DO NOTHING;
END $$`

/** Bits of what changed: 1 the edge began, 2 it ended, 4 the request began, 8 it ended. */
const settle = `
CREATE FUNCTION gossip_settle(f bigint, e bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  r remote_follows; v smallint; done integer := 0; visible boolean; pending boolean;
  stood boolean := EXISTS (SELECT FROM follows WHERE follower = f AND followee = e AND active);
  waited boolean := EXISTS (SELECT FROM follow_requests WHERE account = f AND target = e);
  blocked boolean := EXISTS (SELECT FROM blocks WHERE (account = f AND target = e) OR (account = e AND target = f));
BEGIN
  IF is_remote(f) THEN PERFORM gossip_decide(f, e); END IF;
  SELECT * INTO r FROM remote_follows WHERE follower = f AND followee = e;
  IF NOT FOUND THEN RETURN 0; END IF;
  v := gossip_verdict(r);
  visible := r.active AND NOT blocked AND (v = 2 OR (v = 0 AND NOT r.asked AND NOT is_remote(f)));
  pending := r.active AND NOT blocked AND NOT visible AND v < 3 AND (v = 1 OR r.asked);
  IF visible <> stood THEN
    IF is_remote(f) THEN PERFORM gossip_far_edge(f, e, visible); ELSE PERFORM gossip_own_edge(f, e, visible); END IF;
    done := done + CASE WHEN visible THEN 1 ELSE 2 END;
  END IF;
  IF pending AND NOT waited THEN
    INSERT INTO follow_requests (account, target, account_no, target_no, reblogs, notify, languages)
    SELECT f, e, a.no, b.no, coalesce(x.reblogs, true), coalesce(x.notify, false), x.languages
    FROM accounts a JOIN accounts b ON b.id = e LEFT JOIN follows x ON x.follower = f AND x.followee = e WHERE a.id = f;
    done := done + 4;
  ELSIF waited AND NOT pending THEN
    DELETE FROM follow_requests WHERE account = f AND target = e;
    done := done + 8;
  END IF;
  RETURN done;
END $$`

/** Brings `blocks` to what a far blocker's home says, and the windows with it. Answers whether it changed. */
const settleBlock = `
CREATE FUNCTION gossip_settle_block(who bigint, whom bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  wanted boolean := (SELECT active FROM remote_blocks WHERE account = who AND target = whom);
BEGIN
  IF wanted THEN
    INSERT INTO blocks (account, target, account_no, target_no)
    SELECT who, whom, a.no, b.no FROM accounts a, accounts b WHERE a.id = who AND b.id = whom ON CONFLICT DO NOTHING;
  ELSE DELETE FROM blocks WHERE account = who AND target = whom;
  END IF;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM gossip_tell_window(whom, who, true);
  RETURN true;
END $$`

export const settling: ReadonlyArray<string> = [verdict, decide, tellWindow, ownEdge, farEdge, settle, settleBlock]
