/** Trigger functions of accounts and of numbers. Numbers are marked only: they change often, and are told now and then. */

const profileVersion = `
CREATE FUNCTION gossip_profile_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT NEW.remote THEN NEW.gossip_version := nextval('gossip_versions'); END IF;
  RETURN NEW;
END $$`

const profile = `
CREATE FUNCTION gossip_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT NEW.remote THEN PERFORM gossip_put(-1::smallint, 1::smallint, NEW.id, gossip_account(NEW)); END IF;
  RETURN NULL;
END $$`

const profileGone = `
CREATE FUNCTION gossip_profile_gone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v bigint := nextval('gossip_versions');
BEGIN
  IF OLD.remote THEN RETURN NULL; END IF;
  INSERT INTO accounts_gone (id, version) VALUES (OLD.id, v);
  PERFORM gossip_put(-1::smallint, 1::smallint, OLD.id, gossip_gone(OLD.id, v));
  RETURN NULL;
END $$`

/**
 * Kinds of marks are apart by the row that is locked by whoever sets one: with that no two wait for each other's marks.
 * 0: `post_counts`. 1: `authors`. 2: `readers`.
 */
const countsChanged = [
  `CREATE FUNCTION gossip_counts_made() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO gossip_marks (kind, key) SELECT 0, post_id FROM new_rows WHERE (likes, reposts, replies) <> (0, 0, 0)
     ORDER BY post_id ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`,
  `CREATE FUNCTION gossip_counts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO gossip_marks (kind, key) SELECT 0, n.post_id FROM new_rows n JOIN old_rows o ON o.post_id = n.post_id
     WHERE (n.likes, n.reposts, n.replies) <> (o.likes, o.reposts, o.replies) ORDER BY 2 ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`,
  `CREATE FUNCTION gossip_author_changed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO gossip_marks (kind, key) SELECT 1, n.account FROM new_rows n JOIN old_rows o ON o.account = n.account
     WHERE NOT is_remote(n.account) AND (n.followers + n.followers_elsewhere, n.statuses) <>
       (o.followers + o.followers_elsewhere, o.statuses) ORDER BY 2 ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`,
  `CREATE FUNCTION gossip_reader_changed() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO gossip_marks (kind, key) SELECT 2, n.account FROM new_rows n JOIN old_rows o ON o.account = n.account
     WHERE n.following <> o.following ORDER BY 2 ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`
]

/** Nobody of another datacenter is told anything here: their home does that. */
const hears = `
CREATE OR REPLACE FUNCTION hears(hearer bigint, other bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN hearer <> other AND NOT is_remote(hearer) AND EXISTS (SELECT FROM authors WHERE account = other AND NOT disabled)
    AND NOT EXISTS (SELECT FROM blocks WHERE (account, target) IN ((hearer, other), (other, hearer)))
    AND NOT EXISTS (SELECT FROM mutes m WHERE m.account = hearer AND m.target = other AND m.notifications
      AND (m.expires_at IS NULL OR m.expires_at > now()));
END $$`

export const profiles: ReadonlyArray<string> = [profileVersion, profile, profileGone, ...countsChanged, hears]
