/** What every test may `inject` from vitest: the servers of this run. Each server is real, private and on loopback. */
export interface TestServers {
  /** A superuser's address. Tests make databases of their own with `@rookery/testkit/TestDatabase`. */
  readonly postgresUrl: string
  /** Shared by all tests of the run: use key prefixes of your own. */
  readonly redisUrl: string
  /** Shared by all tests of the run: use stream and subject names of your own. */
  readonly natsUrl: string
}

/** How the random tests run; all from the environment, so that a failure can be seen again. */
export interface RandomRun {
  /** `ROOKERY_SEED`, or another at every run. */
  readonly oracleSeed: number
  /** `ROOKERY_ORACLE_SECONDS`: how long each random test drives the actors. */
  readonly oracleSeconds: number
  /** `ROOKERY_FUZZ_SECONDS`: for how long requests are made up, beyond one of each. */
  readonly fuzzSeconds: number
}

/** `npm test` starts the servers itself and hands their addresses to vitest in this variable, as JSON. */
export const SERVERS_VARIABLE = "ROOKERY_TEST_SERVERS"

declare module "vitest" {
  // eslint-disable-next-line no-empty-object-type -- vitest's own way to type `inject`
  export interface ProvidedContext extends TestServers, RandomRun {}
}
