-- Ties a User-Agent to a fingerprint.
-- KEYS[1] User-Agents of the bucket   ARGV 1 prefix   2 TTL, seconds   3 seconds of a bucket   4 seconds ago
--         5 fingerprint   6 key of the User-Agent   7 keys a fingerprint may have   8 keys a bucket may have
local call = redis.call
local prefix, ttl, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local second = tonumber(call('TIME')[1])
local field = ARGV[5] .. ARGV[6]
local known, of = false, 0
local bucketNow = math.floor((second - tonumber(ARGV[4])) / span)
if bucketNow < math.floor((second - ttl) / span) then return 0 end
for bucket = math.floor((second - ttl) / span), math.floor(second / span) do
  local key = prefix .. 'a:' .. bucket
  known = known or call('HEXISTS', key, field) == 1
  of = of + tonumber(call('HGET', key, '#' .. ARGV[5]) or '0')
end
local key = prefix .. 'a:' .. bucketNow
if not known then
  if of >= tonumber(ARGV[7]) or call('HLEN', key) >= tonumber(ARGV[8]) then return 0 end
  call('HINCRBY', key, '#' .. ARGV[5], 1)
end
call('HINCRBY', key, field, 1)
call('HINCRBY', key, '#', 1)
call('EXPIREAT', key, (bucketNow + 2) * span + ttl)
return 1
