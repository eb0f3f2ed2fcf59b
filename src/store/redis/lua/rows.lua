-- The rows of an address that are not past their time, confirmed and unconfirmed, and what they are made of.
-- KEYS[1] confirmed   KEYS[2] unconfirmed   ARGV 1 prefix   2 TTL, seconds
-- Returns Redis' time, rows each with the time it is held under in front, witnesses: id and origins by turns.
local call = redis.call
local prefix, ttl = ARGV[1], tonumber(ARGV[2])
local time = call('TIME')
local second = tonumber(time[1])
local now = second * 1e6 + tonumber(time[2])
local rows, witnesses = {}, {}
local generation = math.floor(second / ttl)
-- several rows are a list, one is a string
local function rowsOf(key)
  local kind = call('TYPE', key).ok
  return kind == 'string' and { call('GET', key) } or kind == 'list' and call('LRANGE', key, 0, -1) or {}
end
for _, key in ipairs(KEYS) do
  for _, row in ipairs(rowsOf(key)) do
    if struct.unpack('>d', row) > now - ttl * 1e6 then rows[#rows + 1] = row end
  end
end
for _, seen in ipairs({ prefix .. 'y:' .. generation, prefix .. 'y:' .. (generation - 1) }) do
  if call('EXISTS', seen) == 1 then
    for _, row in ipairs(rows) do
      local id = string.sub(row, 17, 24)
      local origins = call('HGET', seen, id)
      if origins then
        witnesses[#witnesses + 1] = id
        witnesses[#witnesses + 1] = origins
      end
    end
  end
end
return { tostring(now), rows, witnesses }
