/** Every metric of the project, once. Times are seconds, as Prometheus wants them. */
import { counter, counters, gauge, gauges, histogram, histograms } from "./Counters.ts"

const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096]
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

// Fan-out
export const deliveries = counter("rookery_deliveries_total", "Posts put into resident home timelines")
export const deliveryBatches = counter("rookery_delivery_batches_total", "Messages sent to timeline shards by fan-out")
export const batchRecords = histogram("rookery_delivery_batch_records", "Posts in one fan-out message", sizes)
export const deliveryFailures = counter("rookery_delivery_failures_total", "Posts in fan-out messages that failed and are tried again")
export const outboxRows = gauge("rookery_outbox_rows", "Outbox rows not yet done, as of the last look")
export const outboxOldestSeconds = gauge("rookery_outbox_oldest_seconds", "Age of the oldest outbox row not yet done")
export const outboxSwept = counter("rookery_outbox_swept_total", "Outbox rows taken up again by a sweeper")
export const fanoutSeconds = histogram("rookery_fanout_seconds", "From acknowledgement to the last timeline shard", seconds)
export const transitions = counters("rookery_transitions_total", "Changes of an author's fan-out mode", ["to"])

// Publishing
export const searchIndexed = counter("rookery_search_indexed_total", "Posts taken into the search, or taken anew")
export const published = counter("rookery_published_total", "Posts acknowledged")
export const publishGroupSize = histogram("rookery_publish_group_size", "Posts in one group commit", sizes)
export const audienceLoads = counter("rookery_audience_loads_total", "Follower sets loaded for a post")
export const audienceHits = counter("rookery_audience_hits_total", "Posts of authors whose followers were in memory after their actor had gone")
export const idMintRefusals = counter("rookery_id_mint_refusals_total", "Ids refused because no machine lease could be proven")

// Timelines
export const residentTimelines = gauge("rookery_resident_timelines", "Home timelines held in memory")
export const windowLoads = counter("rookery_window_loads_total", "Home timelines loaded into memory")
export const windowHits = counter("rookery_window_hits_total", "Reads that found their home timeline in memory")
export const windowEvictions = counter("rookery_window_evictions_total", "Home timelines dropped from memory")
export const pagesFromMemory = counter("rookery_pages_from_memory_total", "Home pages answered from memory alone")
export const pagesFromDatabase = counter("rookery_pages_from_database_total", "Home pages that needed Postgres")
export const ringLoads = counter("rookery_ring_loads_total", "Rings of pulled authors loaded")
export const ringHits = counter("rookery_ring_hits_total", "Reads that found a pulled author's ring in memory")
export const snapshotFailures = counter("rookery_snapshot_failures_total", "Timeline snapshots that could not be read or written")
export const pauses = counter("rookery_pauses_total", "Times that this process stood still for longer than its locks allow")

// Live
export const sessions = gauge("rookery_sessions", "Connected people known to the timeline shards here")
export const events = counter("rookery_events_total", "Live events handed to fronts")
export const noticesHanded = counter("rookery_notices_total", "Notifications handed to timeline shards")
export const streams = gauge("rookery_streams", "Open WebSockets and event streams of this front")
export const streamEvents = counter("rookery_stream_events_total", "Events written to clients' streams")
export const streamsDropped = counters("rookery_streams_dropped_total", "Streams closed by this front", ["reason"])

// Front
export const httpRequests = counters("rookery_http_requests_total", "HTTP requests answered", ["route", "status"])
export const httpSeconds = histograms("rookery_http_seconds", "Time to answer an HTTP request", ["route"], seconds)
export const authorPageHits = counter("rookery_author_page_hits_total", "Pages of accounts' own timelines answered from memory")
export const authorPageMisses = counter("rookery_author_page_misses_total", "Pages of accounts' own timelines read from the database")
export const renderCacheHits = counter("rookery_render_cache_hits_total", "Rendered posts found in the cache")
export const renderCachePacked = counter("rookery_render_cache_packed_total", "Posts found packed behind the cache, among the hits")
export const renderCacheMisses = counter("rookery_render_cache_misses_total", "Posts that had to be loaded and rendered")
export const readBatchSize = histogram("rookery_read_batch_size", "Reads of home timelines in one message", sizes)
export const retries = counters("rookery_retries_total", "Messages to actors sent again", ["reason"])

// Between datacenters
export const linkUp = gauges("rookery_link_up", "1 while another datacenter's server answers, 0 while it does not", ["datacenter"])
export const linkPending = gauges("rookery_link_pending", "Messages of another datacenter that wait for this one", ["datacenter"])
export const linkMessages = counters("rookery_link_messages_total", "Messages between datacenters", ["direction"])
export const linkRefused = counters("rookery_link_refused_total", "Messages of another datacenter that cannot be used", ["datacenter"])
export const passed = counters("rookery_passed_total", "Requests passed to the home of their account", ["datacenter", "result"])
export const linkAsks = counters("rookery_link_asks_total", "Questions to another datacenter", ["datacenter", "result"])

// Gossip
export const gossipRows = gauge("rookery_gossip_outbox_rows", "Facts that are not yet told to other datacenters, as of the last look")
export const gossipOldestSeconds = gauge("rookery_gossip_outbox_oldest_seconds", "Age of the oldest of them")
export const gossipShipped = counters("rookery_gossip_shipped_total", "Facts told to other datacenters", ["to"])
export const gossipShippedBatch = histogram("rookery_gossip_shipped_batch", "Facts in one message to other datacenters", sizes)
export const gossipShippedBytes = counter("rookery_gossip_shipped_bytes_total", "Bytes of those messages, each counted once")
export const gossipApplied = counters("rookery_gossip_applied_total", "Facts of another datacenter that were applied", ["datacenter"])
export const gossipAppliedBatch = histogram("rookery_gossip_applied_batch", "Facts in one transaction", sizes)
export const gossipDelaySeconds = histograms("rookery_gossip_delay_seconds", "From a post's id to its announcement applied here", ["datacenter"], seconds)
export const gossipRefused = counters("rookery_gossip_refused_total", "Messages of another datacenter that were kept for inspection", ["datacenter", "reason"])
export const gossipFailures = counters("rookery_gossip_failures_total", "Attempts to apply messages that failed and are made again", ["datacenter"])
export const gossipCompared = counters("rookery_gossip_compared_total", "Ranges compared with another datacenter", ["datacenter", "result"])
export const gossipRepaired = counters("rookery_gossip_repaired_total", "Facts that another datacenter was asked for because a range differed", ["datacenter", "kind"])

// Contents of posts elsewhere
export const contentHits = counter("rookery_content_copies_hits_total", "Contents of posts elsewhere found among the copies")
export const contentMisses = counter("rookery_content_copies_misses_total", "Contents of posts elsewhere that the copies did not have")
export const contentAsked = counters("rookery_content_asked_total", "Contents that owners were asked for", ["datacenter", "result"])
export const contentAhead = counter("rookery_content_ahead_total", "Contents fetched when they were announced")
export const searchFetched = counters("rookery_search_fetched_total", "Posts of other datacenters whose words were fetched for search", ["datacenter"])
export const contentAbsent = counter("rookery_content_absent_total", "Posts left out of an answer because their content could not be had in time")

// The past
export const pastBytesBefore = gauge("rookery_past_bytes_before", "Bytes of the months that are packed as they were before, as of the last look")
export const pastBytesAfter = gauge("rookery_past_bytes_after", "Bytes that these months take now")
export const pastPosts = gauge("rookery_past_posts", "Posts in them")
export const pastBehind = gauge("rookery_past_months_waiting", "Months that are old enough to be packed, and are not yet")
export const pastSteps = counters("rookery_past_steps_total", "Steps made to pack old posts", ["step"])
export const pastFailures = counter("rookery_past_failures_total", "Steps of packing that failed and are made again")
export const pastChunkHits = counter("rookery_past_chunk_hits_total", "Chunks of old posts found in memory")
export const pastChunkLoads = counter("rookery_past_chunk_loads_total", "Chunks of old posts read from the database")
export const pastLost = counter("rookery_past_lost_total", "Reads of old posts whose words could not be had: should be 0")

// Around
export const busMessages = counters("rookery_bus_messages_total", "Messages on the bus", ["direction"])
export const busMaybeLost = counters("rookery_bus_maybe_lost_total", "Times that a subscriber was told of a possible loss", ["reason"])
export const dependencyUp = gauges("rookery_dependency_up", "1 while a dependency answers, 0 while it does not", ["name"])
