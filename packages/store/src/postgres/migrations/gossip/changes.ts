/**
 * Trigger functions: what own people do becomes facts in the transaction of the change, whoever writes it. The triggers
 * themselves are made by `gossip_enable`. None of them fires in a transaction that applies what others said (`rookery.quiet`).
 */
import { partsOf } from "./facts.ts"

const posted = `
CREATE FUNCTION gossip_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO gossip_outbox (destination, kind, key, payload)
  SELECT d, 3, n.id, gossip_post(n.id, n.author, n.version, n.visibility, n.sensitive, n.reply_to, n.reply_to_author,
    n.repost_of, n.conversation, n.edited_at, n.mentions, ${partsOf("n")})
  FROM new_rows n CROSS JOIN LATERAL gossip_destinations(n.visibility, n.mentions) d
  WHERE NOT is_remote(n.author) ORDER BY n.id;
  RETURN NULL;
END $$`

/** An edit is told to those too who were mentioned before it. Tombstones are for everybody: they say no more than an id. */
const changed = `
CREATE FUNCTION gossip_post_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO gossip_outbox (destination, kind, key, payload)
  SELECT d, 3, n.id, gossip_post(n.id, n.author, n.version, n.visibility, n.sensitive, n.reply_to, n.reply_to_author,
    n.repost_of, n.conversation, n.edited_at, n.mentions, ${partsOf("n")})
  FROM new_rows n JOIN old_rows o ON o.id = n.id
  CROSS JOIN LATERAL (
    SELECT gossip_destinations(n.visibility, n.mentions) UNION SELECT gossip_destinations(o.visibility, o.mentions)
  ) x (d)
  WHERE n.version <> o.version AND n.deleted_at IS NULL AND NOT is_remote(n.author)
  UNION ALL
  SELECT -1, 4, n.id, gossip_tombstone(n.id, n.author, n.deleted_at) FROM new_rows n JOIN old_rows o ON o.id = n.id
  WHERE n.deleted_at IS NOT NULL AND o.deleted_at IS NULL AND NOT is_remote(n.author);
  RETURN NULL;
END $$`

/** An end that is told already is not told again. */
const followChanged = `
CREATE OR REPLACE FUNCTION gossip_follow_changed(f bigint, e bigint, wanted boolean, as_request boolean) RETURNS void LANGUAGE sql AS $$
  WITH changed AS (
    INSERT INTO remote_follows AS r (follower, followee, version, active, asked) VALUES (f, e, 1, wanted, as_request)
    ON CONFLICT (follower, followee) DO UPDATE SET version = r.version + 1, active = excluded.active, asked = excluded.asked
      WHERE r.active OR excluded.active
    RETURNING r
  )
  SELECT gossip_put(home_of(e), 5::smallint, f, gossip_follow(r)) FROM changed
$$`

/** Answers the follow that is known. Of one version a later verdict holds, and none takes a later one back. */
const answered = `
CREATE FUNCTION gossip_answered(f bigint, e bigint, said smallint) RETURNS void LANGUAGE sql AS $$
  WITH changed AS (
    UPDATE remote_follows r SET answer_version = r.version, verdict = said
    WHERE follower = f AND followee = e AND active AND (answer_version, verdict) < (r.version, said) RETURNING r
  )
  SELECT gossip_put(home_of(f), 6::smallint, e, gossip_answer(r)) FROM changed
$$`

const edgeChanged = `
CREATE FUNCTION gossip_edge_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before boolean := TG_OP <> 'INSERT' AND OLD.active;
  after boolean := TG_OP <> 'DELETE' AND NEW.active;
  f bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.follower ELSE NEW.follower END;
  e bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.followee ELSE NEW.followee END;
BEGIN
  IF before = after OR is_remote(f) = is_remote(e) THEN RETURN NULL; END IF;
  IF is_remote(e) THEN PERFORM gossip_follow_changed(f, e, after, false);
  ELSE PERFORM gossip_answered(f, e, CASE WHEN after THEN 2 ELSE 3 END::smallint);
  END IF;
  RETURN NULL;
END $$`

const asked = `
CREATE FUNCTION gossip_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_remote(NEW.target) AND NOT is_remote(NEW.account) THEN
    PERFORM gossip_follow_changed(NEW.account, NEW.target, true, true);
  END IF;
  RETURN NULL;
END $$`

/** At the end of the transaction: a request that became an edge in it was accepted, any other was taken back, or rejected. */
const unasked = `
CREATE FUNCTION gossip_unasked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_remote(OLD.target) = is_remote(OLD.account)
    OR EXISTS (SELECT FROM follows WHERE follower = OLD.account AND followee = OLD.target AND active) THEN
    RETURN NULL;
  END IF;
  IF is_remote(OLD.account) THEN PERFORM gossip_answered(OLD.account, OLD.target, 3::smallint);
  ELSE PERFORM gossip_follow_changed(OLD.account, OLD.target, false, false);
  END IF;
  RETURN NULL;
END $$`

/** A block ends the follows of both, also such as a block of the other hides: neither edge nor request shows them. */
const blocked = `
CREATE OR REPLACE FUNCTION gossip_blocked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  b blocks := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  IF is_remote(b.account) OR NOT is_remote(b.target) THEN RETURN NULL; END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM gossip_answered(b.target, b.account, 3::smallint);
    IF EXISTS (SELECT FROM remote_follows WHERE follower = b.account AND followee = b.target AND active) THEN
      PERFORM gossip_follow_changed(b.account, b.target, false, false);
    END IF;
  END IF;
  WITH changed AS (
    INSERT INTO remote_blocks AS r (account, target, version, active)
    VALUES (b.account, b.target, nextval('gossip_versions'), TG_OP = 'INSERT')
    ON CONFLICT (account, target) DO UPDATE SET version = excluded.version, active = excluded.active RETURNING r
  )
  INSERT INTO gossip_outbox (destination, kind, key, payload)
  SELECT home_of(b.target), 7, b.account, gossip_block(r) FROM changed WHERE home_of(b.target) IS NOT NULL;
  RETURN NULL;
END $$`

const liked = `
CREATE FUNCTION gossip_liked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH changed AS (
    INSERT INTO remote_likes AS r (account, post_id, version, active)
    SELECT account, post_id, nextval('gossip_versions'), TG_OP = 'INSERT' FROM rows
    WHERE is_remote(post_id) AND NOT is_remote(account) ORDER BY account, post_id
    ON CONFLICT (account, post_id) DO UPDATE SET version = excluded.version, active = excluded.active RETURNING r
  )
  INSERT INTO gossip_outbox (destination, kind, key, payload)
  SELECT home_of((r).post_id), 8, (r).account, gossip_like(r) FROM changed WHERE home_of((r).post_id) IS NOT NULL;
  RETURN NULL;
END $$`

/** Those that databases from before `0030_ends` have otherwise. */
export const ends: ReadonlyArray<string> = [followChanged, blocked]

export const changes: ReadonlyArray<string> = [
  posted, changed, followChanged, answered, edgeChanged, asked, unasked, blocked, liked
]
