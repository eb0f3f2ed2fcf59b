-- What a partition has counted, of the buckets that changed since it was last asked.
-- KEYS[1] bytes in use by bucket   ARGV 1 prefix   2 TTL, seconds   3 seconds of a bucket
--         4 1 for the addresses of every bucket, else of changed ones   5… bucket and version known, by turns
-- Returns Redis' time, addresses estimated, then for each bucket: number, total, and where that changed counts,
-- User-Agents and addresses by fingerprint, each field and value by turns.
local call = redis.call
local prefix, ttl, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = call('TIME')
local second = tonumber(time[1])
local known = {}
for i = 5, #ARGV, 2 do known[tonumber(ARGV[i])] = ARGV[i + 1] end
local answer, sketches = { second .. string.format('%06d', time[2]), 0 }, {}
for bucket = math.floor((second - ttl) / span), math.floor(second / span) do
  local total = call('HGET', prefix .. 'c:' .. bucket, '#')
  local agents = call('HGET', prefix .. 'a:' .. bucket, '#')
  local version = (total or '') .. ' ' .. (agents or '')
  if total or agents then
    sketches[#sketches + 1] = prefix .. 'h:' .. bucket
    local changed, k = known[bucket] ~= version, 'k:' .. bucket
    answer[#answer + 1] = {
      bucket, version,
      changed and call('HGETALL', prefix .. 'c:' .. bucket) or false,
      changed and call('HGETALL', prefix .. 'a:' .. bucket) or false,
      -- addresses move to a later bucket: they change where the total does not
      (changed or ARGV[4] == '1') and call('HGETALL', prefix .. k) or false,
    }
  end
end
if #sketches > 0 then answer[2] = call('PFCOUNT', unpack(sketches)) end
return answer
