-- The requests come from a file, ready made and separated by zero bytes.
-- wrk calls request() once before it begins, to see what it makes; that one is not sent.
local requests, times, promised, sent, answered, tried = {}, 0, 0, 0, 0, false

-- Either for as long as wrk runs, with a pause of so many milliseconds; or so many times, and then it ends.
function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for each in file:read("*a"):gmatch("[^%z]+") do requests[#requests + 1] = each end
  file:close()
  local number = tonumber(arguments[3])
  if arguments[2] == "times" then
    times, response, delay = number, count, wait_when_through
  elseif number > 0 then
    delay = function() return number end
  end
end

-- Called before each request of a connection. When all are promised, a connection waits until the last is answered.
function wait_when_through()
  promised = promised + 1
  return promised <= times and 0 or 600000
end

function request()
  if not tried then
    tried = true
    return requests[1]
  end
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function count(status, headers, body)
  if status >= 400 then
    io.write("refused ", status, " ", body, "\n")
    os.exit(1)
  end
  answered = answered + 1
  if answered == times then
    io.write("answered ", answered, " 0 0 0\n")
    os.exit(0)
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write("answered ", summary.requests, " ", summary.duration, " ", latency:percentile(99), " ", failed, "\n")
end
