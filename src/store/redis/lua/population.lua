-- Counts clients of one partition by what they show. The same again changes nothing. Key types: docs/store.md.
--
-- KEYS[1]  names of the things counted
-- ARGV     1 prefix of the partition's keys   2 clock: own, arrival, now   3 the writer's time, seconds
--          4 TTL, seconds   5 seconds that clients are remembered   6 clients that the partition may hold
--          7 the batch, msgpack: names of things, then clients as {address, level, network, unconfirmed, times}, where times
--            are {own time, numbers of things…}
--
-- A thing is a hash: '#' has first and last time and the levels of the four ages, any other field is an address and its level,
-- with the last time, and the first one where the thing is a fingerprint; a network is a field of 4 or 7 bytes, '/' in front.
-- Returns clients that had no room.

local prefix, clock, sent = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ttl, remember, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local AGES = { 3600, 86400, 604800 }
local CLIENTS_OF_AN_AGE, LOOK = 640, 32

local call = redis.call
local now = tonumber(call('TIME')[1])
local names, clients = unpack(cmsgpack.unpack(ARGV[7]))
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
  return math.min(own, now)
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
        local age = now - struct.unpack('>I', all[i + 1])
        local isNetwork = (#field == 4 or #field == 7)
        if age >= remember or not isNetwork and string.byte(field, -1) < head[2 + ageOf(age)] then
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
        for older = age, 4 do head[2 + older] = math.max(head[2 + older], level) end
      end
    end
  until not isFull
  for i = 1, #gone, 1000 do call('HDEL', key, unpack(gone, i, math.min(i + 999, #gone))) end
  grown = grown - #gone
end

for _, client in ipairs(clients) do
  local ip, level, network, unconfirmed, times = unpack(client)
  local field = ip .. string.char(level)
  local room = unconfirmed == 1 and most / 2 or most
  local isLeft = false
  for _, time in ipairs(times) do
    local at = math.floor(heldTime(time[1]))
    if now - at < ttl then
      for i = 2, #time do
        local name = names[time[i] + 1]
        local key = prefix .. 'r:' .. name
        local isFingerprint = string.byte(name) == 102
        local packed = call('HGET', key, '#')
        local isRoom = held + grown < room
        if not packed and not isRoom then
          isLeft = true
        else
          local head = packed and { struct.unpack('>IIBBBB', packed) } or { at, at, 0, 0, 0, 0 }
          local before = call('HGET', key, field)
          local first, last = at, at
          if before then
            last = math.max(at, (struct.unpack('>I', before)))
            if isFingerprint then first = math.min(at, (struct.unpack('>I', before, 5))) end
          end
          local isNew = not before and level >= head[2 + ageOf(now - at)]
          if isNew and not isRoom then
            isLeft = true
          elseif before or isNew then
            call('HSET', key, field, struct.pack(isFingerprint and '>II' or '>I', last, first))
            if isNew then grown = grown + 1 end
          end
          if isFingerprint and network ~= '' then
            local of = '/' .. network
            local known = call('HGET', key, of)
            local newest, oldest = at, at
            if known then
              newest = math.max(at, (struct.unpack('>I', known)))
              oldest = math.min(at, (struct.unpack('>I', known, 5)))
            end
            if known or isRoom and call('HLEN', key) < 8 * CLIENTS_OF_AN_AGE then
              call('HSET', key, of, struct.pack('>II', newest, oldest))
              if not known then grown = grown + 1 end
            end
          end
          head[1], head[2] = math.min(head[1], at), math.max(head[2], at)
          if not packed then
            call('ZADD', index, 0, name)
            grown = grown + 1
          end
          local size = isNew and call('HLEN', key) or 0
          if size > CLIENTS_OF_AN_AGE and size % LOOK == 0 then sample(key, head) end
          call('HSET', key, '#', struct.pack('>IIBBBB', head[1], head[2], head[3], head[4], head[5], head[6]))
          call('EXPIRE', key, remember)
        end
      end
    end
  end
  if isLeft then left = left + 1 end
end
call('INCRBY', sizes, grown)
if left > 0 then call('INCRBY', prefix .. 'ru', left) end
for _, key in ipairs({ index, sizes, prefix .. 'ru' }) do call('EXPIRE', key, remember) end
return left
