-- Stands ahead of the scripts that call commands with many arguments.

-- Arguments of one command: fewer than Lua's stack has room for.
local AT_ONCE = 4000

-- Calls a command with any number of arguments. Returns the answers one after the other: numbers, or of arrays their members.
local function callAll(command, key, args)
  if #args <= AT_ONCE then return redis.call(command, key, unpack(args)) end
  local all = {}
  for from = 1, #args, AT_ONCE do
    local answer = redis.call(command, key, unpack(args, from, math.min(from + AT_ONCE - 1, #args)))
    if type(answer) == 'table' then
      for i = 1, #answer do all[#all + 1] = answer[i] end
    end
  end
  return all
end

