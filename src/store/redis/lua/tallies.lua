-- What a partition has counted of clients, from one group of keysets on, until enough was looked at.
-- KEYS[1] clients that the partition holds   ARGV 1 prefix   2 the first group   3 groups
-- Returns now, clients that had no room, the next group or false at the end, then fields and values of each group by turns
-- (population.lua). Where one answer holds them all, the number of clients is set right.
local ENTRIES = 8192

local call = redis.call
local prefix, group, groups = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local answer = { tonumber(call('TIME')[1]), tonumber(call('GET', prefix .. 'ru') or '0'), false }
local seen = 0
while group < groups and seen < ENTRIES do
  local all = call('HGETALL', prefix .. 'r:' .. group)
  if #all > 0 then answer[#answer + 1] = all end
  seen = seen + #all / 2
  group = group + 1
end
if group < groups then answer[3] = group end
if group == groups and tonumber(ARGV[2]) == 0 and call('EXISTS', KEYS[1]) == 1 then
  call('SET', KEYS[1], seen, 'KEEPTTL')
end
return answer
