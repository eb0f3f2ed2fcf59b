// The parts that must be one step on the server, in Lua. Sent whole with every call (EVAL): a script is small beside a
// batch, and a restarted Redis that has forgotten them needs no second thought.
//
// Keys of the statistics, all in the hash slot {stats} so that one script may touch them (Redis Cluster):
//   S = hellotap:{stats}
//   S:writer:<id>            number of the last batch applied of a writer
//   S:buckets                zset: start of bucket -> when it is past its TTL, ms
//   S:b:<start>              hash: sightings, other, first, last (µs), ua-pairs, new:<family>
//   S:b:<start>:<family>     zset: value -> count; families are `fp` and the distributions
//   S:b:<start>:clients[:<fingerprint>]  HyperLogLog of addresses
//   S:b:<start>:sorted, S:b:<start>:wire  hash: fingerprint value -> "<method> <fingerprint>"
//   S:b:<start>:ua           zset: "<fingerprint> <key of a User-Agent>" -> count
//   S:count:<family>         zset: sum of the live buckets, so that the most frequent are read without a merge
//   S:record, S:first, S:last  what is known of each fingerprint in S:count:fp
//   S:ua:<fingerprint>       zset: key of a User-Agent -> sum of the live buckets
//   S:with-ua                zset: fingerprint -> 1
//
// A bucket past its TTL is subtracted from the sums and deleted, by whoever comes first. The expiry of the keys is only
// a safety net: the sums' is shorter than the buckets', so that no sum outlives what must be subtracted from it.

const ROLL = `
local S = KEYS[1]
local FAMILIES = { 'fp', 'tls_version', 'client_hello_version', 'ciphers', 'extensions', 'supported_groups', 'alpn' }

local function subtract(start)
  local B = S .. ':b:' .. start
  for _, id in ipairs(redis.call('ZRANGE', B .. ':fp', 0, -1)) do
    redis.call('UNLINK', B .. ':clients:' .. id)
  end
  for _, family in ipairs(FAMILIES) do
    local sum = S .. ':count:' .. family
    local part = B .. ':' .. family
    if redis.call('EXISTS', part) == 1 and redis.call('EXISTS', sum) == 1 then
      local expiry = redis.call('PTTL', sum)
      redis.call('ZUNIONSTORE', sum, 2, sum, part, 'WEIGHTS', 1, -1)
      if family == 'fp' then
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', sum, '-inf', 0)) do
          redis.call('HDEL', S .. ':record', id)
          redis.call('ZREM', S .. ':first', id)
          redis.call('ZREM', S .. ':last', id)
        end
      end
      redis.call('ZREMRANGEBYSCORE', sum, '-inf', 0)
      if expiry > 0 then redis.call('PEXPIRE', sum, expiry) end
    end
    redis.call('UNLINK', part)
  end
  local pairs_of = redis.call('ZRANGE', B .. ':ua', 0, -1, 'WITHSCORES')
  for i = 1, #pairs_of, 2 do
    local space = string.find(pairs_of[i], ' ', 1, true)
    local id = string.sub(pairs_of[i], 1, space - 1)
    local agent = string.sub(pairs_of[i], space + 1)
    local sum = S .. ':ua:' .. id
    if redis.call('ZSCORE', sum, agent) then
      if tonumber(redis.call('ZINCRBY', sum, -tonumber(pairs_of[i + 1]), agent)) <= 0 then
        redis.call('ZREM', sum, agent)
      end
      if redis.call('EXISTS', sum) == 0 then redis.call('ZREM', S .. ':with-ua', id) end
    end
  end
  redis.call('UNLINK', B, B .. ':ua', B .. ':clients', B .. ':sorted', B .. ':wire')
  redis.call('ZREM', S .. ':buckets', start)
end

local function roll(now)
  for _, start in ipairs(redis.call('ZRANGEBYSCORE', S .. ':buckets', '-inf', now)) do
    subtract(start)
  end
end
`

/**
 * Forgets what is past its TTL and tells what is left.
 * KEYS[1] S; ARGV[1] now, ms. Returns [start, sightings, other, first, last] of each live bucket, newest first.
 */
export const LIVE_BUCKETS = `${ROLL}
roll(ARGV[1])
local live = {}
for _, start in ipairs(redis.call('ZRANGE', S .. ':buckets', 0, -1, 'REV')) do
  local row = redis.call('HMGET', S .. ':b:' .. start, 'sightings', 'other', 'first', 'last')
  live[#live + 1] = { start, row[1] or '0', row[2] or '0', row[3] or '', row[4] or '' }
end
return live
`

/**
 * Adds one batch's sums, once: a batch sent again after a lost connection is known by its writer's number, which is
 * kept in the same step and as long as what it guards.
 * KEYS[1] S; ARGV[1] the batch (BatchSums in redis-statistics.ts) as JSON. Returns 1 if added, 0 if it was before.
 */
export const ADD_BATCH = `${ROLL}
local batch = cjson.decode(ARGV[1])
local number = S .. ':writer:' .. batch.writer
local before = redis.call('GET', number)
if before and tonumber(before) >= batch.number then return 0 end
redis.call('SET', number, batch.number, 'PX', batch.keep * 3)
roll(batch.now)

local function add(family, B, value, count, allowed)
  local sum = S .. ':count:' .. family
  local part = B .. ':' .. family
  if not redis.call('ZSCORE', sum, value) then
    local fresh = tonumber(redis.call('HGET', B, 'new:' .. family) or 0)
    if fresh >= allowed then return false end
    redis.call('HINCRBY', B, 'new:' .. family, 1)
  end
  redis.call('ZINCRBY', part, count, value)
  redis.call('ZINCRBY', sum, count, value)
  return true
end

for _, bucket in ipairs(batch.buckets) do
  if bucket.ends > batch.now then
    local B = S .. ':b:' .. bucket.start
    redis.call('ZADD', S .. ':buckets', 'GT', bucket.ends, bucket.start)
    redis.call('HINCRBY', B, 'sightings', bucket.sightings)
    local first = tonumber(redis.call('HGET', B, 'first'))
    local last = tonumber(redis.call('HGET', B, 'last'))
    if not first or bucket.first < first then redis.call('HSET', B, 'first', bucket.first) end
    if not last or bucket.last > last then redis.call('HSET', B, 'last', bucket.last) end
    redis.call('PFADD', B .. ':clients', unpack(bucket.clients))
    local touched = { B, B .. ':clients', B .. ':sorted', B .. ':wire' }
    for _, print in ipairs(bucket.fingerprints) do
      if add('fp', B, print.id, print.count, batch.newFingerprints) then
        local clients = B .. ':clients:' .. print.id
        redis.call('PFADD', clients, unpack(print.clients))
        touched[#touched + 1] = clients
        redis.call('ZADD', S .. ':first', 'LT', print.first, print.id)
        redis.call('ZADD', S .. ':last', 'GT', print.last, print.id)
        if print.record then redis.call('HSETNX', S .. ':record', print.id, print.record) end
      else
        redis.call('HINCRBY', B, 'other', print.count)
      end
    end
    for _, order in ipairs({ 'sorted', 'wire' }) do
      local index, values = B .. ':' .. order, bucket[order]
      for i = 1, #values, 3 do
        if redis.call('HLEN', index) >= batch.indexed then break end
        if redis.call('ZSCORE', B .. ':fp', values[i + 2]) then
          redis.call('HSETNX', index, values[i], values[i + 1] .. ' ' .. values[i + 2])
        end
      end
    end
    for _, family in ipairs(FAMILIES) do
      local values = bucket.distributions[family]
      if values then
        for i = 1, #values, 2 do add(family, B, values[i], values[i + 1], batch.newValues) end
      end
      touched[#touched + 1] = B .. ':' .. family
    end
    for _, key in ipairs(touched) do redis.call('PEXPIRE', key, batch.keep * 3) end
  end
end
for _, family in ipairs(FAMILIES) do redis.call('PEXPIRE', S .. ':count:' .. family, batch.keep * 2) end
for _, name in ipairs({ ':buckets', ':record', ':first', ':last' }) do
  redis.call('PEXPIRE', S .. name, batch.keep * 2)
end
return 1
`

/**
 * Counts one User-Agent of a fingerprint that is named.
 * KEYS[1] S; ARGV: now ms, keep ms, start of the bucket, its end ms, fingerprint, key of the User-Agent (user-agent-key.ts), bound a fingerprint, bound a bucket.
 */
export const ADD_USER_AGENT = `${ROLL}
local now, keep, start, ends, id, agent = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
roll(now)
if tonumber(ends) <= tonumber(now) or not redis.call('ZSCORE', S .. ':count:fp', id) then return 0 end
local B = S .. ':b:' .. start
local part = B .. ':ua'
local sum = S .. ':ua:' .. id
local pair = id .. ' ' .. agent
if not redis.call('ZSCORE', part, pair) then
  if tonumber(redis.call('HGET', B, 'ua-pairs') or 0) >= tonumber(ARGV[8]) then return 0 end
  if not redis.call('ZSCORE', sum, agent) and redis.call('ZCARD', sum) >= tonumber(ARGV[7]) then return 0 end
  redis.call('HINCRBY', B, 'ua-pairs', 1)
end
redis.call('ZADD', S .. ':buckets', 'GT', ends, start)
redis.call('ZINCRBY', part, 1, pair)
redis.call('ZINCRBY', sum, 1, agent)
redis.call('ZADD', S .. ':with-ua', 1, id)
redis.call('PEXPIRE', B, keep * 3)
redis.call('PEXPIRE', part, keep * 3)
redis.call('PEXPIRE', sum, keep * 2)
redis.call('PEXPIRE', S .. ':with-ua', keep * 2)
redis.call('PEXPIRE', S .. ':buckets', keep * 2)
return 1
`

/** KEYS S:count:fp and S:with-ua; ARGV[1] how many. Returns the most frequent fingerprints that have User-Agents, with counts. */
export const MOST_WITH_USER_AGENT = `
local all = redis.call('ZINTER', 2, KEYS[1], KEYS[2], 'WEIGHTS', 1, 0, 'WITHSCORES')
local most = {}
for i = #all - 1, math.max(1, #all - 2 * tonumber(ARGV[1]) + 1), -2 do
  most[#most + 1] = all[i]
  most[#most + 1] = all[i + 1]
end
return most
`

// Rows of an address, a zset by time in µs: "<order of arrival> <port> <sha3_384_stable or -> <sighting as JSON>".
// Of equal times the order of arrival decides, and a row written twice is one row.

// Beside them their ports, a zset too: port -> time of its newest row. A port that is not there costs no look at the rows.

/** KEYS: rows, ports; ARGV: time a row must be later than, port. Returns the newest row of that port. */
export const ROW_OF_PORT = `
local time = redis.call('ZSCORE', KEYS[2], ARGV[2])
if not time or tonumber(time) <= tonumber(ARGV[1]) then return false end
for _, row in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], time, time)) do
  if string.match(row, '^%S+ (%d+) ') == ARGV[2] then return row end
end
return false
`

/** KEYS: rows, ports; ARGV: now, a time, µs. Gives what has a time to come that time: a clock was set back. */
export const DATE_BACK = `
for _, key in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[1], '+inf')) do
    redis.call('ZADD', key, ARGV[2], member)
  end
end
`

/** KEYS[1] rows; ARGV[1] lowest score. Returns how many fingerprints they show. */
export const DISTINCT_STABLE = `
local seen, count, from = {}, 0, 0
repeat
  local rows = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', ARGV[1], 'LIMIT', from, 32)
  for _, row in ipairs(rows) do
    local stable = string.match(row, '^%S+ %S+ (%S+) ')
    if stable and stable ~= '-' and not seen[stable] then
      seen[stable] = true
      count = count + 1
    end
  end
  from = from + 32
until #rows < 32
return count
`

/**
 * KEYS[1] rows; ARGV: a row and the one that takes its place, pair by pair. A row that is gone meanwhile stays gone. The new
 * one comes first: a set left empty would lose its time to live.
 */
export const REPLACE_ROWS = `
for i = 1, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score then
    redis.call('ZADD', KEYS[1], score, ARGV[i + 1])
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
`
