-- Counts clients of one partition by what they show. The same again changes nothing. Key types: docs/store.md.
--
-- KEYS[1]  names of the things counted
-- ARGV     1 prefix of the partition's keys   2 clock: own, arrival, now   3 the writer's time, seconds
--          4 TTL, seconds   5 seconds that clients are remembered   6 clients that the partition may hold
--          7 the batch, msgpack: names of things, sets of them by number, then clients as
--            {address, level, network, unconfirmed, own time, number of the set}
--
-- A thing is a hash: '#' has first and last time and the levels of the four ages, any other field is an address and its level,
-- with the last time, and the first one where the thing is a fingerprint; a network is a field of 4 or 7 bytes, '/' in front.
-- Returns clients that had no room.

local prefix, clock, sent = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ttl, remember, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local AGES = { 3600, 86400, 604800 }
local CLIENTS_OF_AN_AGE, LOOK, AT_ONCE = 640, 32, 2000

local call = redis.call
local min, max, floor, char, byte = math.min, math.max, math.floor, string.char, string.byte
local pack, unpackNumbers = struct.pack, struct.unpack
local now = tonumber(call('TIME')[1])
local names, sets, clients = unpack(cmsgpack.unpack(ARGV[7]))
local index, sizes = KEYS[1], prefix .. 'rz'
local held, grown, left = tonumber(call('GET', sizes) or '0'), 0, 0

local function ageOf(seconds)
  for age = 1, 3 do
    if seconds < AGES[age] then return age end
  end
  return 4
end

local function heldTime(own)
  if clock == 'now' then return now end
  if clock == 'arrival' then return sent > own and now - (sent - own) or now end
  return min(own, now)
end

-- Leaves out clients until none of the ages has too many; older ages are never sampled less than younger ones.
local function sample(key, head)
  local all = call('HGETALL', key)
  local gone, counts
  repeat
    gone, counts = {}, { 0, 0, 0, 0 }
    for i = 1, #all, 2 do
      local field = all[i]
      if field ~= '#' then
        local age = now - unpackNumbers('>I', all[i + 1])
        local isNetwork = (#field == 4 or #field == 7)
        if age >= remember or not isNetwork and byte(field, -1) < head[2 + ageOf(age)] then
          gone[#gone + 1] = field
        elseif not isNetwork then
          counts[ageOf(age)] = counts[ageOf(age)] + 1
        end
      end
    end
    local isFull = false
    for age = 1, 4 do
      if counts[age] > CLIENTS_OF_AN_AGE and not isFull then
        isFull = true
        local level = head[2 + age] + 1
        for older = age, 4 do head[2 + older] = max(head[2 + older], level) end
      end
    end
  until not isFull
  for i = 1, #gone, 1000 do call('HDEL', key, unpack(gone, i, min(i + 999, #gone))) end
  grown = grown - #gone
end

-- What each set of things has of the batch.
local comers = {}
for _, client in ipairs(clients) do
  local at = floor(heldTime(client[5]))
  if now - at < ttl then
    local of = comers[client[6]] or {}
    comers[client[6]] = of
    client.at, client.field = at, client[1] .. char(client[2])
    of[#of + 1] = client
  end
end

-- Counts clients for one thing, few enough for one command.
local function count(name, of)
  local key, isFingerprint = prefix .. 'r:' .. name, byte(name) == 102
  local packed = call('HGET', key, '#')
  local isKnown = packed and true
  local head = packed and { unpackNumbers('>IIBBBB', packed) } or nil
  local size = isKnown and call('HLEN', key) or 0
  -- a client of a level below the youngest age's is held by no thing
  local asked, values = {}, {}
  for _, client in ipairs(of) do
    if head == nil or client[2] >= head[3] then asked[#asked + 1] = client.field end
    if isFingerprint and client[3] ~= '' then asked[#asked + 1] = '/' .. client[3] end
  end
  if isKnown and #asked > 0 then
    local found = call('HMGET', key, unpack(asked))
    for i, field in ipairs(asked) do values[field] = found[i] or nil end
  end
  local changed, isNewThing, fresh = {}, not isKnown, 0
  local function put(field, at)
    local before = values[field]
    local first, last = at, at
    if before then
      last = max(at, (unpackNumbers('>I', before)))
      if isFingerprint then first = min(at, (unpackNumbers('>I', before, 5))) end
    end
    local value = pack(isFingerprint and '>II' or '>I', last, first)
    if value ~= before then changed[field] = value end
    values[field] = value
    if not before then grown, fresh = grown + 1, fresh + 1 end
  end
  for _, client in ipairs(of) do
    local at, room = client.at, client[4] == 1 and most / 2 or most
    local isRoom = held + grown < room
    if head == nil and not isRoom then
      client.isLeft = true
    else
      head = head or { at, at, 0, 0, 0, 0 }
      local before = values[client.field]
      local isNew = not before and client[2] >= head[2 + ageOf(now - at)]
      if isNew and not isRoom then
        client.isLeft = true
      elseif before or isNew then
        put(client.field, at)
      end
      if isFingerprint and client[3] ~= '' then
        local network = '/' .. client[3]
        if values[network] or isRoom and size + fresh < 8 * CLIENTS_OF_AN_AGE then put(network, at) end
      end
      head[1], head[2] = min(head[1], at), max(head[2], at)
    end
  end
  if head == nil then return end
  if isNewThing then
    call('ZADD', index, 0, name)
    grown = grown + 1
  end
  local args = {}
  for field, value in pairs(changed) do
    args[#args + 1] = field
    args[#args + 1] = value
  end
  if #args > 0 then call('HSET', key, unpack(args)) end
  -- a look at all of a thing is made up for by what came since the one before
  local look = max(LOOK, floor(size / 8))
  if size + fresh > CLIENTS_OF_AN_AGE and floor((size + fresh) / look) > floor(size / look) then sample(key, head) end
  local after = pack('>IIBBBB', head[1], head[2], head[3], head[4], head[5], head[6])
  if after ~= packed then call('HSET', key, '#', after) end
  call('EXPIRE', key, remember)
end

local byThing = {}
for set, of in pairs(comers) do
  for _, number in ipairs(sets[set + 1]) do
    local all = byThing[number] or {}
    byThing[number] = all
    for _, client in ipairs(of) do all[#all + 1] = client end
  end
end
for number, of in pairs(byThing) do
  for from = 1, #of, AT_ONCE do
    count(names[number + 1], { unpack(of, from, min(from + AT_ONCE - 1, #of)) })
  end
end
for _, client in ipairs(clients) do
  if client.isLeft then left = left + 1 end
end
call('INCRBY', sizes, grown)
if left > 0 then call('INCRBY', prefix .. 'ru', left) end
for _, key in ipairs({ index, sizes, prefix .. 'ru' }) do call('EXPIRE', key, remember) end
return left
