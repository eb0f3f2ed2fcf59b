-- Counts clients of one partition by what they show. The same again changes nothing. Key types: docs/store.md.
--
-- KEYS[1]  clients that the partition holds
-- ARGV     1 prefix of the partition's keys   2 clock: own, arrival, now   3 the writer's time, seconds
--          4 TTL, seconds   5 seconds that clients are remembered   6 clients that the partition may hold
--          7 the batch, msgpack: for each group of keysets its number, then keysets as {id, keys, clients}, and clients as
--            address and level, own time, unconfirmed by turns
--
-- A group is a hash: '#' and a keyset's id has its first and last time, the new clients after which it is looked through, and
-- the levels of the four ages; '@' and id its keys; id, address and level a client's last and first time; '/', id and
-- network those of a network (3 bytes of IPv4, 6 of IPv6). Networks of IPv4 clients that are held are not: their addresses
-- are few enough to be asked for.
-- Returns clients that had no room.

local prefix, clock, sent = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ttl, remember, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local AGES = { 3600, 86400, 604800 }
local CLIENTS_OF_AN_AGE, CLEANED_SECONDS = 640, 3600
local ID, HEAD = 8, '>IIIBBBB'

local call = redis.call
local min, max, floor, byte, sub = math.min, math.max, math.floor, string.byte, string.sub
local pack, unpackNumbers = struct.pack, struct.unpack
local now = tonumber(call('TIME')[1])
local batch = cmsgpack.unpack(ARGV[7])
local held, grown, left = tonumber(call('GET', KEYS[1]) or '0'), 0, 0

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

local function isClient(field)
  return #field > 9 and #field ~= 12 and #field ~= 15
end

-- Lets go of what is older than anything is remembered, once an hour at most.
local function clean(key)
  if now - tonumber(call('HGET', key, '!') or '0') < CLEANED_SECONDS then return end
  call('HSET', key, '!', now)
  local all, gone = call('HGETALL', key), {}
  for i = 1, #all, 2 do
    local field = all[i]
    local at = #field > 9 and 1 or byte(field) == 35 and 5
    if at and now - unpackNumbers('>I', all[i + 1], at) >= remember then
      gone[#gone + 1] = field
      if at == 5 then gone[#gone + 1] = '@' .. sub(field, 2) end
    end
  end
  if #gone == 0 then return end
  callAll('HDEL', key, gone)
  grown = grown - #gone
end

-- Leaves out clients until none of the ages has too many; older ages are never sampled less than younger ones.
local function sample(key, id, head)
  local all = call('HGETALL', key)
  local fields, ages, times, networks = {}, {}, {}, {}
  for i = 1, #all, 2 do
    local field = all[i]
    if isClient(field) and sub(field, 1, ID) == id then
      fields[#fields + 1], ages[#ages + 1] = field, ageOf(now - unpackNumbers('>I', all[i + 1]))
      times[#times + 1] = all[i + 1]
    elseif byte(field) == 47 and sub(field, 2, ID + 1) == id then
      networks[field] = true
    end
  end
  local isFull, counts
  repeat
    isFull, counts = false, { 0, 0, 0, 0 }
    for i, field in ipairs(fields) do
      local age = ages[i]
      if byte(field, -1) >= head[3 + age] then counts[age] = counts[age] + 1 end
    end
    for age = 1, 4 do
      if counts[age] > CLIENTS_OF_AN_AGE and not isFull then
        isFull = true
        local level = head[3 + age] + 1
        for older = age, 4 do head[3 + older] = max(head[3 + older], level) end
      end
    end
  until not isFull
  local gone, networksOf = {}, {}
  for i, field in ipairs(fields) do
    if byte(field, -1) < head[3 + ages[i]] or now - unpackNumbers('>I', times[i]) >= remember then
      gone[#gone + 1] = field
      -- what the client's network showed stays
      local network = '/' .. sub(field, 1, ID + 3)
      if #field == ID + 5 and not networks[network] then
        networks[network] = true
        networksOf[#networksOf + 1] = network
        networksOf[#networksOf + 1] = times[i]
      end
    end
  end
  if #gone > 0 then callAll('HDEL', key, gone) end
  if #networksOf > 0 then callAll('HSET', key, networksOf) end
  grown = grown - #gone + #networksOf / 2
  head[3] = max(CLIENTS_OF_AN_AGE / 4, CLIENTS_OF_AN_AGE - #fields + #gone)
end

local function count(key, sets)
  local asked, values, changed = {}, {}, {}
  for _, set in ipairs(sets) do
    asked[#asked + 1] = '#' .. set[1]
    local clients = set[3]
    for i = 1, #clients, 3 do asked[#asked + 1] = clients[i] end
  end
  local found = callAll('HMGET', key, asked)
  for i, field in ipairs(asked) do values[field] = found[i] end
  local function put(field, first, last)
    local before = values[field]
    if before then
      local knownLast, knownFirst = unpackNumbers('>II', before)
      last, first = max(last, knownLast), min(first, knownFirst)
      if last == knownLast and first == knownFirst then return end
    else
      grown = grown + 1
    end
    local value = pack('>II', last, first)
    values[field] = value
    changed[#changed + 1] = field
    changed[#changed + 1] = value
  end
  local leftBefore, heads = left, {}
  for _, set in ipairs(sets) do
    local id, clients = set[1], set[3]
    local head = values['#' .. id] and { unpackNumbers(HEAD, values['#' .. id]) }
    local networks, names = {}, {}
    for i = 1, #clients, 3 do
      local field, time = clients[i], floor(heldTime(clients[i + 1]))
      if now - time < ttl then
        local isRoom = held + grown < (clients[i + 2] == 1 and most / 2 or most)
        if not head and isRoom then
          head = { time, time, CLIENTS_OF_AN_AGE, 0, 0, 0, 0 }
          changed[#changed + 1] = '@' .. id
          changed[#changed + 1] = set[2]
          grown = grown + 1
        end
        local isSampled = head and byte(field, -1) < head[3 + ageOf(now - time)]
        if head and (values[field] or not isSampled and isRoom) then
          if not values[field] then head[3] = head[3] - 1 end
          put(field, time, time)
        elseif not isSampled then
          left = left + 1
        end
        if head then
          head[1], head[2] = min(head[1], time), max(head[2], time)
          local end_ = #field == ID + 17 and ID + 6 or isSampled and #field == ID + 5 and ID + 3
          if end_ then
            local network = '/' .. sub(field, 1, end_)
            local times = networks[network]
            if times then
              times[1], times[2] = min(times[1], time), max(times[2], time)
            else
              networks[network] = { time, time }
              names[#names + 1] = network
            end
          end
        end
      end
    end
    if #names > 0 then
      local known = callAll('HMGET', key, names)
      for i, network in ipairs(names) do
        values[network] = known[i]
        if known[i] or held + grown < most then put(network, unpack(networks[network])) end
      end
    end
    if head then heads[#heads + 1] = { '#' .. id, head } end
  end
  for _, each in ipairs(heads) do
    local name, head = each[1], each[2]
    if head[3] <= 0 then
      -- a look sees what came
      if #changed > 0 then callAll('HSET', key, changed) end
      changed = {}
      sample(key, sub(name, 2), head)
    end
    local packed = pack(HEAD, unpack(head, 1, 7))
    if packed ~= values[name] then
      changed[#changed + 1] = name
      changed[#changed + 1] = packed
    end
  end
  if #changed > 0 then callAll('HSET', key, changed) end
  call('EXPIRE', key, remember)
  if left > leftBefore then clean(key) end
end

for i = 1, #batch, 2 do count(prefix .. 'r:' .. batch[i], batch[i + 1]) end
call('INCRBY', KEYS[1], grown)
call('EXPIRE', KEYS[1], remember)
if left > 0 then
  call('INCRBY', prefix .. 'ru', left)
  call('EXPIRE', prefix .. 'ru', remember)
end
return left
