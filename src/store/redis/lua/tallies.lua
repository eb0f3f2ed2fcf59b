-- Clients by what they show, of some things of a partition: those behind ARGV[3], until enough was looked at.
-- KEYS[1] names of the things counted   ARGV 1 prefix   2 seconds that clients are remembered   3 the last name seen, or ''
-- Returns now, clients that had no room, the last name or false at the end, then for each thing: name, first, last, and by
-- age clients and the variance of their estimate. What has expired leaves the names; at the end the size is set right.
local prefix, remember, after = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local AGES = { 3600, 86400, 604800 }
local NAMES, ENTRIES = 512, 8192

local call = redis.call
local now = tonumber(call('TIME')[1])
local names = call('ZRANGEBYLEX', KEYS[1], after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, NAMES)
local answer = { now, tonumber(call('GET', prefix .. 'ru') or '0'), #names == NAMES and names[NAMES] }
local seen, expired = 0, {}
for number, name in ipairs(names) do
  local all = call('HGETALL', prefix .. 'r:' .. name)
  local head
  for i = 1, #all, 2 do
    if all[i] == '#' then head = { struct.unpack('>IIBBBB', all[i + 1]) } end
  end
  if head == nil then
    expired[#expired + 1] = name
  else
    local sums, variances = { 0, 0, 0, 0 }, { 0, 0, 0, 0 }
    for i = 1, #all, 2 do
      local field = all[i]
      if #field ~= 1 and #field ~= 4 and #field ~= 7 then
        local seconds = now - struct.unpack('>I', all[i + 1])
        local age = seconds < AGES[1] and 1 or seconds < AGES[2] and 2 or seconds < AGES[3] and 3 or 4
        local level = head[2 + age]
        if seconds < remember and string.byte(field, -1) >= level then
          local weight = 2 ^ level
          sums[age] = sums[age] + weight
          variances[age] = variances[age] + weight * (weight - 1)
        end
      end
    end
    answer[#answer + 1] = { name, head[1], head[2], sums, variances }
  end
  seen = seen + #all / 2
  if seen > ENTRIES and number < #names then
    answer[3] = name
    break
  end
end
if #expired > 0 then call('ZREM', KEYS[1], unpack(expired)) end
return answer
