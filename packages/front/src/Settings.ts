/** What a front is told at its start. All bounds are here, so that a reader sees them together. */

import type { Addresses } from "./render/Addresses.ts"

export interface FrontSettings extends Addresses {
  /** Address to listen on; port 0 takes a free one. */
  readonly host: string
  readonly port: number
  /** Names this process to the runners; unique among all fronts that ever run at the same time. */
  readonly frontId: string
  readonly version: string
  readonly title: string
  readonly description: string
  /** Empty: the host's postmaster. */
  readonly contactEmail: string
  readonly registrationsOpen: boolean
  /** Whether `grant_type=password` is answered. */
  readonly passwordGrant: boolean
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed; none unless set. */
  readonly trustedProxies?: ReadonlyArray<string>
  /** Characters of a post, content warning included. */
  readonly postCharactersMax: number
  readonly limits: FrontLimits
}

export interface FrontLimits {
  readonly bodyBytesMax: number
  readonly headerBytesMax: number
  readonly requestsInFlightMax: number
  readonly connectionsMax: number
  /** From the first byte of a request to its answer, in milliseconds. */
  readonly requestMillisMax: number
  /** The same for what is not answered when Postgres has been away for a moment. */
  readonly requestAwayMillisMax: number
  /** The same where a file is sent. */
  readonly uploadMillisMax: number
  /** Of one file, and of all files that are being read or worked on. */
  readonly uploadBytesMax: number
  readonly uploadsBufferedMax: number
  /** Pictures that are being encoded, each on a core and with some 150 MB at worst, and those that wait for it. */
  readonly picturesAtOnce: number
  readonly picturesWaiting: number
  /** Of a picture that is sent, over all its frames. */
  readonly picturePixelsMax: number
  /** Pictures that are being served. */
  readonly pictureStreamsMax: number
  readonly keepAliveMillis: number
  /** How long a stopping front waits for requests in flight. */
  readonly drainMillis: number
  readonly readMillisMax: number
  readonly writeMillisMax: number
  /** To a front of another datacenter: until there is a connection, and from there to the head of its answer. */
  readonly passConnectMillis: number
  readonly passHeadMillis: number
  /** Requests under way to one other datacenter, streams aside. */
  readonly passedInFlightMax: number
  readonly tokensCached: number
  readonly tokenMillis: number
  readonly postCacheBytes: number
  /** Of posts in a denser form behind that cache. */
  readonly packedPostBytes: number
  /** Of the newest ids of accounts' own timelines, and how long they are good, in milliseconds. */
  readonly authorPageBytes: number
  readonly authorPageMillis: number
  readonly accountCacheBytes: number
  /** How old the counts of an account may be inside of somebody's status. */
  readonly accountMillis: number
  /** How long caches before the front keep what everybody may see, 60…180, and how long they may use it while they ask anew; in seconds. */
  readonly edgeSeconds: number
  readonly edgeStaleSeconds: number
  /** How often counts of views are written. */
  readonly viewsMillis: number
  readonly postMillis: number
  readonly missingMillis: number
  /** How long one page of a search may take before it shows what was found so far. */
  readonly searchMillisMax: number
  /** How long names and tags that were searched for, the days of tags, and trends are kept. */
  readonly searchCacheMillis: number
  readonly tagDaysMillis: number
  readonly trendsCacheMillis: number
  readonly socketsMax: number
  /** Bytes that wait for one slow socket before it is dropped. */
  readonly socketBufferMax: number
  readonly pingMillis: number
  readonly passwordHashesAtOnce: number
  readonly passwordHashesWaiting: number
  /** Wrong passwords in one window, before more are refused. */
  readonly loginFailuresPerAccount: number
  readonly loginFailuresPerAddress: number
  readonly loginWindowMillis: number
  /** Accounts and addresses whose failures are counted at once. */
  readonly loginKeysMax: number
  /** How long a browser stays logged in on the authorize page. */
  readonly browserLoginMillis: number
  /** How long an authorization code is good. */
  readonly codeMillis: number
}

export const defaultLimits: FrontLimits = {
  bodyBytesMax: 256 * 1024,
  headerBytesMax: 16 * 1024,
  requestsInFlightMax: 4_096,
  connectionsMax: 50_000,
  requestMillisMax: 15_000,
  requestAwayMillisMax: 4_000,
  uploadMillisMax: 120_000,
  uploadBytesMax: 16 * 1024 * 1024,
  uploadsBufferedMax: 128 * 1024 * 1024,
  picturesAtOnce: 2,
  picturesWaiting: 16,
  picturePixelsMax: 7_680 * 4_320,
  pictureStreamsMax: 512,
  keepAliveMillis: 65_000,
  drainMillis: 5_000,
  readMillisMax: 5_000,
  writeMillisMax: 10_000,
  passConnectMillis: 2_000,
  passHeadMillis: 12_000,
  passedInFlightMax: 1_024,
  tokensCached: 100_000,
  tokenMillis: 30_000,
  postCacheBytes: 128 * 1024 * 1024,
  packedPostBytes: 128 * 1024 * 1024,
  authorPageBytes: 32 * 1024 * 1024,
  authorPageMillis: 120_000,
  accountCacheBytes: 64 * 1024 * 1024,
  accountMillis: 30_000,
  edgeSeconds: 60,
  edgeStaleSeconds: 60,
  viewsMillis: 5_000,
  postMillis: 600_000,
  missingMillis: 60_000,
  searchMillisMax: 2_000,
  searchCacheMillis: 5_000,
  tagDaysMillis: 60_000,
  trendsCacheMillis: 15_000,
  socketsMax: 40_000,
  socketBufferMax: 256 * 1024,
  pingMillis: 30_000,
  passwordHashesAtOnce: 2,
  passwordHashesWaiting: 64,
  loginFailuresPerAccount: 10,
  loginFailuresPerAddress: 50,
  loginWindowMillis: 300_000,
  loginKeysMax: 50_000,
  browserLoginMillis: 3_600_000,
  codeMillis: 600_000
}
