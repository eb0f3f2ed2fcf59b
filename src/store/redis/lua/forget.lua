-- Forgets the rows of an address. Returns how many there were.
-- KEYS[1] confirmed   KEYS[2] unconfirmed   ARGV 1 prefix   2 the address, bytes
local call = redis.call
local count = call('LLEN', KEYS[1]) + call('LLEN', KEYS[2])
for _, key in ipairs(KEYS) do
  for _, row in ipairs(call('LRANGE', key, 0, -1)) do
    local minute = math.floor(struct.unpack('>d', row) / 60e6)
    for ahead = 0, 6 do
      call('HDEL', ARGV[1] .. 'j:' .. (minute + ahead), ARGV[2] .. string.sub(row, 41, 42))
    end
  end
end
call('UNLINK', KEYS[1], KEYS[2])
return count
