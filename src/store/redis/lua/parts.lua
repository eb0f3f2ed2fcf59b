-- Takes parts that sightings share, and keys of values. The same again changes nothing. Key types: docs/store.md.
-- KEYS[1] parts that the partition has taken of this writer   ARGV 1 prefix   2 TTL, seconds   3 seconds of a bucket
--         4 parts in this batch   5 the batch, msgpack: parts as id and bytes by turns, lists of values and their records
-- Returns the number of parts taken with these.
local call = redis.call
local prefix, ttl, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local parts, values = unpack(cmsgpack.unpack(ARGV[5]))
-- Bytes that a part takes beside its own, roughly.
local BODY = 96
local second = tonumber(call('TIME')[1])
local used = 0

for i = 1, #parts, 2 do
  local key, bytes = prefix .. 'b:' .. parts[i], parts[i + 1]
  if call('SET', key, bytes, 'EX', ttl + 3 * span, 'NX') then
    used = used + #bytes + BODY
  else
    call('EXPIRE', key, ttl + 3 * span)
  end
end
-- a record is a value's key and its body; one that comes twice does no harm
local lists = prefix .. 'w:' .. math.floor(second / ttl) .. ':'
for i = 1, #values, 2 do
  local key, records = lists .. values[i], values[i + 1]
  if call('APPEND', key, records) == #records then call('EXPIRE', key, 3 * ttl) end
  used = used + #records * 1.5
end
call('HINCRBY', prefix .. 'm', math.floor(second / span), math.floor(used))
call('EXPIRE', prefix .. 'm', ttl + 3 * span)
local taken = call('INCRBY', KEYS[1], ARGV[4])
call('EXPIRE', KEYS[1], 2 * ttl + span)
return taken
