-- The rows of an address and port, in no order: among the rows of the address, and of those that its bound pushed out lately.
-- KEYS[1] confirmed   KEYS[2] unconfirmed   ARGV 1 prefix   2 TTL, seconds   3 address and port, bytes
local call = redis.call
local prefix, ttl, connection = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local time = call('TIME')
local now = tonumber(time[1]) * 1e6 + tonumber(time[2])
local minute = math.floor(tonumber(time[1]) / 60)
local found, isSettled = {}, false
local function offer(row)
  if struct.unpack('>d', row) <= now - ttl * 1e6 then return end
  found[#found + 1] = row
  -- trust, readings.ts: nothing speaks against it, or the server confirmed it
  local trust = math.floor(string.byte(row, 45) / 64)
  isSettled = isSettled or trust == 0 or trust == 3
end
-- several rows are a list, one is a string
local function rowsOf(key)
  local kind = call('TYPE', key).ok
  return kind == 'string' and { call('GET', key) } or kind == 'list' and call('LRANGE', key, 0, -1) or {}
end
local port = string.sub(connection, -2)
for _, key in ipairs(KEYS) do
  for _, row in ipairs(rowsOf(key)) do
    if string.sub(row, 41, 42) == port then offer(row) end
  end
end
-- what the bound per address pushed out in the last minutes
if not isSettled then
  for back = 0, 6 do
    local row = call('HGET', prefix .. 'j:' .. (minute - back), connection)
    if row then
      offer(row)
      break
    end
  end
end
return found
