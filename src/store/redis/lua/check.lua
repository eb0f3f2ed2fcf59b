-- The numbers of a writer's sightings and parts that a partition has taken; keeps them for as long as the writer asks.
-- KEYS[1] and [2] those numbers   ARGV 1 seconds to keep them
local numbers = {}
for i, key in ipairs(KEYS) do
  local taken = redis.call('GET', key)
  if taken then redis.call('EXPIRE', key, ARGV[1]) end
  numbers[i] = tonumber(string.match(taken or '0', '^%d+'))
end
return numbers
