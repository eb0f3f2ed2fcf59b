-- Forgets the rows of an address. Returns how many there were.
-- KEYS[1] confirmed   KEYS[2] unconfirmed   ARGV 1 prefix   2 the address, bytes   3 seconds that buckets are kept
local call = redis.call
-- several rows are a list, one is a string
local function rowsOf(key)
  local kind = call('TYPE', key).ok
  return kind == 'string' and { call('GET', key) } or kind == 'list' and call('LRANGE', key, 0, -1) or {}
end
local count = 0
for _, key in ipairs(KEYS) do
  for _, row in ipairs(rowsOf(key)) do
    count = count + 1
    local minute = math.floor(struct.unpack('>d', row) / 60e6)
    for ahead = 0, 6 do
      call('HDEL', ARGV[1] .. 'j:' .. (minute + ahead), ARGV[2] .. string.sub(row, 41, 42))
    end
  end
end
call('UNLINK', KEYS[1], KEYS[2])
-- what is counted of the address in the buckets stays (write.lua)
call('SET', ARGV[1] .. 'x', 1, 'EX', ARGV[3])
return count
