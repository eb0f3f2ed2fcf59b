-- The bodies that values were seen with.
-- KEYS[1] any key of the partition   ARGV 1 prefix   2 TTL, seconds   3… keys of values
local call = redis.call
local prefix, ttl = ARGV[1], tonumber(ARGV[2])
local generation = math.floor(tonumber(call('TIME')[1]) / ttl)
local bodies = {}
for i = 3, #ARGV do
  for back = 0, 1 do
    local key = prefix .. 'w:' .. (generation - back) .. ':' .. string.byte(ARGV[i], 1)
    local body = call('HGET', key, ARGV[i])
    if body then bodies[#bodies + 1] = body end
  end
end
return bodies
