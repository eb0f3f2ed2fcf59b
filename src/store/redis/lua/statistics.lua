-- What a partition has counted, of the buckets that changed since it was last asked.
-- KEYS[1] bytes in use by bucket   ARGV 1 prefix   2 TTL, seconds   3 seconds of a bucket   4… bucket and total known, by turns
-- Returns Redis' time, addresses estimated, then for each bucket: number, total, and where that changed counts,
-- addresses by fingerprint and User-Agents, each field and value by turns.
local call = redis.call
local prefix, ttl, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = call('TIME')
local second = tonumber(time[1])
local known = {}
for i = 4, #ARGV, 2 do known[tonumber(ARGV[i])] = ARGV[i + 1] end
local answer, sketches = { second .. string.format('%06d', time[2]), 0 }, {}
for bucket = math.floor((second - ttl) / span), math.floor(second / span) do
  local total = call('HGET', prefix .. 'c:' .. bucket, '#')
  local agents = call('HGET', prefix .. 'a:' .. bucket, '#')
  local version = (total or '') .. (agents or '')
  if total or agents then
    sketches[#sketches + 1] = prefix .. 'h:' .. bucket
    if known[bucket] == version then
      answer[#answer + 1] = { bucket, version }
    else
      answer[#answer + 1] = {
        bucket, version, call('HGETALL', prefix .. 'c:' .. bucket), call('HGETALL', prefix .. 'a:' .. bucket),
      }
    end
    -- addresses move to a later bucket: they change where the total does not
    answer[#answer][5] = call('HGETALL', prefix .. 'k:' .. bucket)
  end
end
if #sketches > 0 then answer[2] = call('PFCOUNT', unpack(sketches)) end
return answer
