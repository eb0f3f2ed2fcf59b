-- The number of a writer's sightings that a partition has taken; keeps the number for as long as the writer asks.
-- KEYS[1] that number   ARGV 1 seconds to keep it
local taken = redis.call('GET', KEYS[1])
if taken then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return tonumber(string.match(taken or '0', '^%d+'))
