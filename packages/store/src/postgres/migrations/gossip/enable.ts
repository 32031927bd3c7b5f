/**
 * Tells the database that there are several datacenters: whose each machine is, and which of them this is. Numbers never change
 * their meaning: rows carry them. Calling it again with the same does nothing, with more datacenters it adds them.
 */
const unlessQuiet = "WHEN (current_setting(''rookery.quiet'', true) IS DISTINCT FROM ''on'')"

const statement = (name: string, event: string, table: string, referencing: string, procedure: string) =>
  `EXECUTE 'CREATE TRIGGER ${name} AFTER ${event} ON ${table} REFERENCING ${referencing} FOR EACH STATEMENT
     ${unlessQuiet} EXECUTE FUNCTION ${procedure}()';`

const row = (name: string, when: string, table: string, procedure: string) =>
  `EXECUTE 'CREATE TRIGGER ${name} ${when} ON ${table} FOR EACH ROW ${unlessQuiet} EXECUTE FUNCTION ${procedure}()';`

const both = "OLD TABLE AS old_rows NEW TABLE AS new_rows"
const profileColumns = "username, display_name, note, locked, bot, discoverable, fields, avatar, header, disabled_at"

const triggers = [
  statement("gossip_posted", "INSERT", "posts", "NEW TABLE AS new_rows", "gossip_posted"),
  statement("gossip_post_changed", "UPDATE", "posts", both, "gossip_post_changed"),
  row("gossip_edge_changed", "AFTER INSERT OR DELETE OR UPDATE OF active", "follows", "gossip_edge_changed"),
  row("gossip_asked", "AFTER INSERT", "follow_requests", "gossip_asked"),
  `EXECUTE 'CREATE CONSTRAINT TRIGGER gossip_unasked AFTER DELETE ON follow_requests DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW ${unlessQuiet} EXECUTE FUNCTION gossip_unasked()';`,
  row("gossip_blocked", "AFTER INSERT OR DELETE", "blocks", "gossip_blocked"),
  statement("gossip_liked", "INSERT", "likes", "NEW TABLE AS rows", "gossip_liked"),
  statement("gossip_unliked", "DELETE", "likes", "OLD TABLE AS rows", "gossip_liked"),
  statement("gossip_counts_made", "INSERT", "post_counts", "NEW TABLE AS new_rows", "gossip_counts_made"),
  statement("gossip_counts_changed", "UPDATE", "post_counts", both, "gossip_counts_changed"),
  statement("gossip_author_changed", "UPDATE", "authors", both, "gossip_author_changed"),
  statement("gossip_reader_changed", "UPDATE", "readers", both, "gossip_reader_changed"),
  row("gossip_profile_version", `BEFORE INSERT OR UPDATE OF ${profileColumns}`, "accounts", "gossip_profile_version"),
  row("gossip_profile", `AFTER INSERT OR UPDATE OF ${profileColumns}`, "accounts", "gossip_profile"),
  row("gossip_profile_gone", "AFTER DELETE", "accounts", "gossip_profile_gone")
]

export const enable = `
CREATE FUNCTION gossip_enable(names text[], me smallint, machines smallint[]) RETURNS void LANGUAGE plpgsql AS $fn$
DECLARE
  known gossip_datacenters;
BEGIN
  LOCK TABLE gossip_datacenters IN SHARE ROW EXCLUSIVE MODE;
  IF cardinality(machines) <> 1024 THEN RAISE EXCEPTION 'there are 1024 machines, not %', cardinality(machines); END IF;
  FOR known IN SELECT * FROM gossip_datacenters LOOP
    IF known.name IS DISTINCT FROM names[known.number + 1] OR known.own <> (known.number = me) THEN
      RAISE EXCEPTION 'this database knows datacenter % as %', known.number, known.name;
    END IF;
  END LOOP;
  IF (SELECT count(*) FROM gossip_datacenters WHERE homes = machines) = cardinality(names) THEN RETURN; END IF;
  INSERT INTO gossip_datacenters (number, name, own, homes)
  SELECT i - 1, names[i], i - 1 = me, machines FROM generate_subscripts(names, 1) i
  ON CONFLICT (number) DO UPDATE SET homes = excluded.homes;
  EXECUTE format('CREATE OR REPLACE FUNCTION home_of(id bigint) RETURNS smallint LANGUAGE sql IMMUTABLE AS %L',
    format('SELECT nullif((%L::smallint[])[((id >> 12) & 1023) + 1], -1)', machines));
  EXECUTE format('CREATE OR REPLACE FUNCTION is_remote(id bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS %L',
    format('SELECT (%L::boolean[])[((id >> 12) & 1023) + 1]', ARRAY(SELECT m <> me FROM unnest(machines) WITH ORDINALITY u (m, o) ORDER BY o)));
  IF EXISTS (SELECT FROM pg_trigger WHERE tgname = 'gossip_posted') THEN RETURN; END IF;
  ${triggers.join("\n  ")}
END $fn$`
