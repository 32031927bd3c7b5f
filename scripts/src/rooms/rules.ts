/** Which room may import which (`docs`: the design's section on rooms). */

/** Rooms whose code decides and moves data: they see the ports of `store` and `bus`, never what is behind them. */
const ports = ["domain", "protocol", "store", "bus", "observe"]

/** Every room, with the rooms that it may import. A room that is not here is an error, so that new ones are thought of. */
export const ROOMS: Readonly<Record<string, ReadonlyArray<string>>> = {
  domain: [],
  observe: [],
  protocol: ["domain"],
  store: ["domain", "observe"],
  bus: ["domain", "observe"],
  fanout: ports,
  graph: ports,
  front: ports,
  entities: [...ports, "fanout"],
  web: ["domain", "protocol"],
  testkit: [...ports, "fanout", "graph", "front", "entities"],
  config: ["domain"],
  cluster: [...ports, "fanout", "graph", "front", "web", "entities", "config"],
  scripts: [...ports, "fanout", "graph", "front", "web", "entities", "config", "cluster", "testkit"],
  test: [...ports, "fanout", "graph", "front", "web", "entities", "config", "cluster", "testkit", "scripts"]
}

/** May see what is behind the ports: the rooms themselves, the place where Layers meet, and tests. */
const SEES_IMPLEMENTATIONS = new Set(["store", "bus", "testkit", "cluster", "scripts", "test"])

/** `@rookery/store/postgres/Posts` and its like: ports stand at the top of their room. */
const IMPLEMENTATION = /^@rookery\/(store|bus)\/[^/]+\//

/** Programs and their helpers; every other room is a package and takes what it needs as arguments. */
const READS_ENVIRONMENT = new Set(["cluster", "config", "scripts", "test"])

/** A file as the rules see it. */
export interface Place {
  readonly room: string
  /** Tests of a room may import what tests anywhere may. */
  readonly isTest: boolean
}

/** Why `place` may not import `specifier`; undefined if it may. Paths are settled by {@link relativeProblem}. */
export const importProblem = (place: Place, specifier: string): string | undefined => {
  const target = /^@rookery\/([^/]+)/.exec(specifier)?.[1]
  if (target === undefined || target === place.room) return undefined
  const from = place.isTest ? "test" : place.room
  const allowed = ROOMS[from]
  if (allowed === undefined) return `room ${from} has no rule`
  if (!allowed.includes(target)) return `${from} may not import ${target}`
  if (IMPLEMENTATION.test(specifier) && !SEES_IMPLEMENTATIONS.has(from)) {
    return `${from} may import the ports of ${target}, not an implementation`
  }
  return undefined
}

/** Why a relative import from one place may not reach another; between rooms it goes by package name. */
export const relativeProblem = (from: Place, to: Place | undefined): string | undefined => {
  if (to === undefined) return "the path leads out of the rooms"
  if (to.room !== from.room) return `import @rookery/${to.room} by name, not by path`
  return to.isTest && !from.isTest ? "a room's code may not import its tests" : undefined
}

/** Whether code at `place` may read the environment. */
export const mayReadEnvironment = (place: Place): boolean => place.isTest || READS_ENVIRONMENT.has(place.room)
