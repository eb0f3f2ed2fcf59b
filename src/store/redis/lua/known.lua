-- When a fingerprint was seen with a client, and in its network.
-- KEYS[1] the fingerprint   ARGV 1 the client's field, '' for none   2 the network's, '' for none
-- Returns last and first time of each, eight bytes, where they are known.
local of = { redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[1], ARGV[2]) }
return of
