-- The bodies that values were seen with.
-- KEYS[1] any key of the values' partition   ARGV 1 prefix   2 TTL, seconds   3 lists of a generation   4… keys of values
local call = redis.call
local prefix, ttl, lists = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local generation = math.floor(tonumber(call('TIME')[1]) / ttl)
local bodies = {}
for i = 4, #ARGV do
  local value = ARGV[i]
  for back = 0, 2 do
    local records = call('GET', prefix .. 'w:' .. (generation - back) .. ':' .. string.byte(value, 1) % lists)
    -- records are 16 bytes: a value's key, its body
    local at = records and string.find(records, value, 1, true)
    while at do
      if at % 16 == 1 then
        bodies[#bodies + 1] = string.sub(records, at + 8, at + 15)
        break
      end
      at = string.find(records, value, at + 1, true)
    end
  end
end
return bodies
