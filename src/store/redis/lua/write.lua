-- Takes the sightings of one writer for one partition, all of them or none. Key types: docs/store.md.
--
-- KEYS[1]  number of this writer's sightings that the partition has taken, and what became of its last batch
-- ARGV     1 prefix of the partition's keys   2 that number as the writer knows it   3 sightings in this batch
--          4 TTL, seconds   5 seconds of a bucket   6 sightings kept per address   7 clock: own, arrival, now
--          8 the writer's time, microseconds   9 seconds that an id is remembered, 0 without ids
--          10 bytes that the partition may hold   11 the batch, msgpack: what is announced; fingerprint and address, row of each
--             confirmed client that has one, by turns; others as {address, 1 where unconfirmed, fingerprint and row by turns}
--
-- Redis' own time decides: of a live sensor's sighting only its age counts, by the sensor's own clock.
-- Returns number taken before, stored, merged, too old, evicted, refused by a quota. A batch that was taken before, whose
-- answer was lost, is answered as it was then.

local prefix = ARGV[1]
local expected, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local ttl, span, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local clock, sent, remember = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local room = tonumber(ARGV[10])

-- Fingerprints that one bucket counts by name, and bytes that a row and an address take beside their own, roughly.
local NAMED, ROW, ADDRESS = 8192, 24, 300
-- Parts of the room: the pool of unconfirmed sightings, one source prefix of the pool, one of all.
local POOL, POOL_PREFIX, PREFIX = 8, 16, 8
local JOIN_SECONDS = 300
local MAX_WITNESSES = 8
local EVICTED_AT_ONCE = 200

local call = redis.call
local sub, floor, min, max = string.sub, math.floor, math.min, math.max
local packNumbers, unpackNumbers = struct.pack, struct.unpack
local time = call('TIME')
local second = tonumber(time[1])
local now = second * 1e6 + tonumber(time[2])
local announced, singles, clients = unpack(cmsgpack.unpack(ARGV[11]))
local bucketNow, oldest = floor(second / span), floor((second - ttl) / span)
local generation, minute = floor(second / ttl), floor(second / 60)
local keep = 2 * ttl + span
-- keys of one moment end a little apart: Redis never frees all of them at once
local bucketEnds = (bucketNow + 1) * span + ttl + span + expected % min(97, span)
local stored, merged, late, evicted, refused = 0, 0, 0, 0, 0
local used, counts = {}, {}

local function use(bucket, bytes)
  used[bucket] = (used[bucket] or 0) + bytes
end

local takenBefore, last = string.match(call('GET', KEYS[1]) or '0', '^(%d+) ?(.*)$')
local taken = tonumber(takenBefore)
if taken >= expected + count then
  local answer = { expected }
  for number in string.gmatch(last, '%d+') do answer[#answer + 1] = tonumber(number) end
  return answer
end

-- The time a sighting is held under, nil where that is past its time to live; and its own time.
local shift, oldestHeld = clock == 'arrival' and now - sent or 0, now - ttl * 1e6
local function heldTime(row)
  local own = unpackNumbers('>d', row)
  local held = clock == 'now' and now or min(own + shift, now)
  return held > oldestHeld and held or nil, own
end

local slot = remember > 0 and floor(second / remember) or 0
local ids = prefix .. 'd:' .. remember .. ':' .. slot
local idsBefore = prefix .. 'd:' .. remember .. ':' .. (slot - 1)

-- Ids of the batch that were seen before.
local known = {}
if remember > 0 then
  local asked, isAsked = {}, {}
  local function ask(rows)
    for i = 2, #rows, 2 do
      local id = sub(rows[i], 9, 16)
      if not isAsked[id] and heldTime(rows[i]) then
        asked[#asked + 1], isAsked[id] = id, true
      end
    end
  end
  ask(singles)
  for _, client in ipairs(clients) do ask(client[3]) end
  local fresh = {}
  if #asked > 0 then
    local before, now = callAll('SMISMEMBER', idsBefore, asked), callAll('SMISMEMBER', ids, asked)
    for i, id in ipairs(asked) do
      if before[i] == 1 or now[i] == 1 then known[id] = true else fresh[#fresh + 1] = id end
    end
  end
  if #fresh > 0 then callAll('SADD', ids, fresh) end
end

-- Whether a sighting's id was seen before; then its origin is one more witness.
local function isKnown(row)
  local id = sub(row, 9, 16)
  if not known[id] then
    -- a second one in this batch is
    known[id] = true
    return false
  end
  local key, origin = prefix .. 'y:' .. generation, sub(row, 25, 32)
  local seen = call('HGET', key, id) or ''
  for at = 1, #seen, 8 do
    if sub(seen, at, at + 7) == origin then return true end
  end
  if #seen < 8 * MAX_WITNESSES then
    call('HSET', key, id, seen .. origin)
    call('EXPIRE', key, keep)
  end
  return true
end

-- What is counted in a bucket: sums by body, addresses, fingerprints with their addresses as members, and of each member
-- whether another bucket may have it.
local latest
local function sumsOf(bucket)
  if latest and latest.bucket == bucket then return latest end
  latest = counts[bucket]
  if latest == nil then
    latest = {
      bucket = bucket, bodies = {}, addresses = {}, members = {}, mayBeElsewhere = {}, new = {}, bytes = 0,
    }
    counts[bucket] = latest
  end
  return latest
end

local function countOne(bodies, body, own, unconfirmed)
  local sum = bodies[body]
  if sum == nil then
    bodies[body] = { 1, own, own, unconfirmed }
  else
    sum[1] = sum[1] + 1
    if own < sum[2] then sum[2] = own end
    if own > sum[3] then sum[3] = own end
    if unconfirmed < sum[4] then sum[4] = unconfirmed end
  end
end

local function noteAddress(sums, member, ip, isOld)
  sums.members[#sums.members + 1] = member
  if isOld then sums.mayBeElsewhere[member] = true end
  sums.addresses[#sums.addresses + 1] = ip
end

-- Adds to the number of addresses of fingerprints.
local function addClients(bucket, changes)
  local fingerprints, pairsOf = {}, {}
  for fingerprint in pairs(changes) do fingerprints[#fingerprints + 1] = fingerprint end
  if #fingerprints == 0 then return end
  local before = callAll('HMGET', prefix .. 'k:' .. bucket, fingerprints)
  for i, fingerprint in ipairs(fingerprints) do
    pairsOf[#pairsOf + 1] = fingerprint
    pairsOf[#pairsOf + 1] = tonumber(before[i] or '0') + changes[fingerprint]
  end
  callAll('HSET', prefix .. 'k:' .. bucket, pairsOf)
end

local poolRows = floor(room / POOL / ADDRESS)
local pool, poolPrefixes = prefix .. 'q', prefix .. 'p'

-- Counts each address for its fingerprint in the last bucket that saw both, and in no other.
local function countAddresses(bucket)
  local all, mayBeElsewhere, fresh = counts[bucket].members, counts[bucket].mayBeElsewhere, counts[bucket].new
  -- an address without rows is in no bucket, unless its rows were let go or are unconfirmed
  if #fresh > 0 and call('EXISTS', prefix .. 'x', pool) > 0 then
    for _, member in ipairs(fresh) do all[#all + 1] = member end
    fresh = {}
  end
  local isHere, doubtful = #all > 0 and callAll('SMISMEMBER', prefix .. 'l:' .. bucket, all), {}
  for i, member in ipairs(all) do
    if isHere[i] == 0 then
      if mayBeElsewhere[member] then
        doubtful[#doubtful + 1] = member
      else
        fresh[#fresh + 1] = member
      end
    end
  end
  for other = bucketNow, oldest, -1 do
    if #doubtful == 0 then break end
    if other ~= bucket then
      local key = prefix .. 'l:' .. other
      local isThere, left, moved, fewer = callAll('SMISMEMBER', key, doubtful), {}, {}, {}
      for i, member in ipairs(doubtful) do
        if isThere[i] == 0 then
          left[#left + 1] = member
        elseif other < bucket then
          local fingerprint = sub(member, 1, 8)
          moved[#moved + 1], fresh[#fresh + 1] = member, member
          fewer[fingerprint] = (fewer[fingerprint] or 0) - 1
        end
      end
      if #moved > 0 then
        callAll('SREM', key, moved)
        addClients(other, fewer)
      end
      doubtful = left
    end
  end
  for _, member in ipairs(doubtful) do fresh[#fresh + 1] = member end
  if #fresh == 0 then return end
  callAll('SADD', prefix .. 'l:' .. bucket, fresh)
  local more = {}
  for _, member in ipairs(fresh) do
    local fingerprint = sub(member, 1, 8)
    more[fingerprint] = (more[fingerprint] or 0) + 1
  end
  addClients(bucket, more)
end

-- Takes the oldest sighting out of the pool of unconfirmed ones.
local function leavePool()
  local ip = call('RPOP', pool)
  if not ip then return end
  if call('RPOP', prefix .. 'u:' .. ip) then evicted = evicted + 1 end
  local network = sub(ip, 1, #ip == 4 and 3 or 8)
  if call('HINCRBY', poolPrefixes, network, -1) <= 0 then call('HDEL', poolPrefixes, network) end
end

local function enterPool(ip)
  local network = sub(ip, 1, #ip == 4 and 3 or 8)
  if call('HINCRBY', poolPrefixes, network, 1) > max(1, poolRows / POOL_PREFIX) then
    call('HINCRBY', poolPrefixes, network, -1)
    return false
  end
  if call('LPUSH', pool, ip) > poolRows then leavePool() end
  return true
end

-- Whether a prefix of IPv6 has room left in this bucket: its holder has 2^80 addresses.
local function hasRoom(ip)
  if #ip == 4 then return true end
  local key = prefix .. 'g:' .. bucketNow
  local bytes = call('HINCRBY', key, sub(ip, 1, 6), ADDRESS)
  if bytes == ADDRESS then call('EXPIREAT', key, bucketEnds) end
  return bytes <= room / PREFIX
end

local rowTtl, newAddresses = tostring(ttl + 1), 0

-- Puts rows in front of those of an address. The one row of an address is a string, several are a list.
-- Returns how many it had before.
local function push(key, ip, rows)
  local length = 0
  for from = 1, #rows, AT_ONCE do
    local to = min(from + AT_ONCE - 1, #rows)
    length = redis.pcall('LPUSH', key, unpack(rows, from, to))
    if type(length) == 'table' then
      if call('TYPE', key).ok == 'string' then
        local one = call('GET', key)
        call('DEL', key)
        call('LPUSH', key, one)
      end
      length = call('LPUSH', key, unpack(rows, from, to))
    end
  end
  call('EXPIRE', key, rowTtl)
  if length > most then
    -- what the bound pushes out is still found by its connection, for some minutes
    for _, row in ipairs(call('LRANGE', key, most, -1)) do
      if now - unpackNumbers('>d', row) < JOIN_SECONDS * 1e6 then
        call('HSET', prefix .. 'j:' .. minute, ip .. sub(row, 41, 42), row)
      end
    end
    call('LTRIM', key, 0, most - 1)
    evicted = evicted + length - most
  end
  return length - #rows
end

local confirmed, heldNow = prefix .. 's:', packNumbers('>d', now)
for i = 1, #singles, 2 do
  local member, row = singles[i], singles[i + 1]
  local held, own = heldTime(row)
  local ip = sub(member, 9)
  if held == nil then
    late = late + 1
  elseif remember > 0 and isKnown(row) then
    merged = merged + 1
  elseif not hasRoom(ip) then
    refused = refused + 1
  else
    local sums = sumsOf(floor(held / 1e6 / span))
    countOne(sums.bodies, sub(row, 17, 24), own, 0)
    sums.bytes = sums.bytes + #row + 8 + ROW
    stored = stored + 1
    local key = confirmed .. ip
    row = (held == now and heldNow or packNumbers('>d', held)) .. row
    if call('SET', key, row, 'EX', rowTtl, 'NX') then
      newAddresses = newAddresses + 1
      sums.new[#sums.new + 1] = member
      sums.addresses[#sums.addresses + 1] = ip
    else
      noteAddress(sums, member, ip, push(key, ip, { row }) > 0)
    end
  end
end

for _, client in ipairs(clients) do
  local ip, unconfirmed, rows = client[1], client[2], client[3]
  local list, fingerprints, sumsByRow = {}, {}, {}
  for i = 1, #rows, 2 do
    local row = rows[i + 1]
    local held, own = heldTime(row)
    if held == nil then
      late = late + 1
    elseif remember > 0 and isKnown(row) then
      merged = merged + 1
    elseif unconfirmed == 1 and not enterPool(ip) or unconfirmed == 0 and not hasRoom(ip) then
      refused = refused + 1
    else
      local sums = sumsOf(floor(held / 1e6 / span))
      local at = #list + 1
      list[at], fingerprints[at], sumsByRow[at] = packNumbers('>d', held) .. row, rows[i], sums
      countOne(sums.bodies, sub(row, 17, 24), own, unconfirmed)
      if unconfirmed == 0 then sums.bytes = sums.bytes + #row + 8 + ROW end
    end
  end
  if #list > 0 then
    local key = prefix .. (unconfirmed == 1 and 'u:' or 's:') .. ip
    local isOld = push(key, ip, list) > 0
    stored = stored + #list
    if not isOld and unconfirmed == 0 then newAddresses = newAddresses + 1 end
    -- an address that is new is in no other bucket, unless this batch puts it there
    local isSure = not isOld
    for i = 2, #list do isSure = isSure and sumsByRow[i] == sumsByRow[1] end
    local noted = {}
    for i, sums in ipairs(sumsByRow) do
      local fingerprint = fingerprints[i]
      if #list == 1 or not (noted[sums] and noted[sums][fingerprint]) then
        noteAddress(sums, fingerprint .. ip, ip, not isSure)
        if #list > 1 then
          noted[sums] = noted[sums] or {}
          noted[sums][fingerprint] = true
        end
      end
    end
  end
end

use(bucketNow, newAddresses * ADDRESS)

-- What was counted before, and a batch's sum, as they are kept: count, first, last.
local function added(before, n, first, last)
  if before then
    local n0, first0, last0 = unpackNumbers('>ddd', before)
    n, first, last = n + n0, min(first, first0), max(last, last0)
  end
  return packNumbers('>ddd', n, first, last)
end

for bucket, counted in pairs(counts) do
  local sums = counted.bodies
  use(bucket, counted.bytes)
  local key = prefix .. 'c:' .. bucket
  local named = call('HLEN', key)
  local total, other, first, last = 0, 0, math.huge, 0
  local bodies, changed = { '#', '#o' }, {}
  for body in pairs(sums) do bodies[#bodies + 1] = body end
  local before = callAll('HMGET', key, bodies)
  for i = 3, #bodies do
    local sum = sums[bodies[i]]
    total = total + sum[1]
    first, last = min(first, sum[2]), max(last, sum[3])
    -- what anyone can forge leaves room for the rest
    local bound = sum[4] == 1 and NAMED / 2 or NAMED
    if named >= bound and not before[i] then
      other = other + sum[1]
    else
      changed[#changed + 1] = bodies[i]
      changed[#changed + 1] = added(before[i], sum[1], sum[2], sum[3])
    end
  end
  if other > 0 then
    changed[#changed + 1] = '#o'
    changed[#changed + 1] = added(before[2], other, first, last)
  end
  changed[#changed + 1] = '#'
  changed[#changed + 1] = added(before[1], total, first, last)
  callAll('HSET', key, changed)
  countAddresses(bucket)
  callAll('PFADD', prefix .. 'h:' .. bucket, counted.addresses)
  for _, kind in ipairs({ 'c:', 'h:', 'k:', 'l:' }) do
    call('EXPIREAT', prefix .. kind .. bucket, bucketEnds)
  end
end

-- Bytes in use by bucket; a bucket that is past its time is freed by Redis in the background.
local sums, total = prefix .. 'm', 0
for bucket, bytes in pairs(used) do call('HINCRBY', sums, bucket, bytes) end
local all = call('HGETALL', sums)
local buckets = {}
for i = 1, #all, 2 do
  local bucket = tonumber(all[i])
  if bucket < oldest then
    call('HDEL', sums, bucket)
    call('UNLINK', prefix .. 'c:' .. bucket, prefix .. 'h:' .. bucket, prefix .. 'k:' .. bucket, prefix .. 'l:' .. bucket)
  else
    total = total + tonumber(all[i + 1])
    buckets[#buckets + 1] = bucket
  end
end
call('UNLINK', prefix .. 'j:' .. (minute - 6))

-- Over the room, the addresses that were seen last in the oldest bucket go first.
table.sort(buckets)
local steps = 0
if total > room then call('SET', prefix .. 'x', 1, 'EX', ttl + 2 * span) end
for _, bucket in ipairs(buckets) do
  while total > room and steps < EVICTED_AT_ONCE do
    steps = steps + 1
    local member = call('SPOP', prefix .. 'l:' .. bucket)
    if not member then break end
    call('HINCRBY', prefix .. 'k:' .. bucket, sub(member, 1, 8), -1)
    local key = prefix .. 's:' .. sub(member, 9)
    local isOne = call('TYPE', key).ok == 'string'
    local newest = isOne and call('GET', key) or not isOne and call('LINDEX', key, 0)
    if newest and floor(unpackNumbers('>d', newest) / 1e6 / span) <= bucket then
      local length = isOne and 1 or call('LLEN', key)
      call('UNLINK', key)
      evicted = evicted + length
      local bytes = length * (#newest + ROW) + ADDRESS
      total = total - bytes
      call('HINCRBY', sums, bucket, -bytes)
    end
  end
end

for _, key in ipairs({ sums, pool, poolPrefixes }) do call('EXPIRE', key, ttl + 3 * span) end
call('EXPIRE', prefix .. 'j:' .. minute, 7 * 60)
if remember > 0 then call('EXPIRE', ids, 2 * remember) end
call('PUBLISH', 'hellotap:rows', announced)
local answer = { stored, merged, late, evicted, refused }
call('SET', KEYS[1], expected + count .. ' ' .. table.concat(answer, ' '), 'EX', keep)
return { taken, stored, merged, late, evicted, refused }
