-- Usage: wrk -s wrk.lua URL -- FILE (for PAUSE | times COUNT)
-- FILE holds complete HTTP requests, separated by zero bytes. "for" sends them as long as wrk runs, and pauses so many
-- milliseconds between two requests of a connection; "times" sends COUNT requests and exits.
local requests, count, scheduled, sent, answered, was_probed = {}, 0, 0, 0, 0, false

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for each in file:read("*a"):gmatch("[^%z]+") do requests[#requests + 1] = each end
  file:close()
  local number = tonumber(arguments[3])
  if arguments[2] == "times" then
    count, response, delay = number, count_response, delay_after_last
  elseif number > 0 then
    delay = function() return number end
  end
end

-- wrk calls delay() before each request. Once all requests are scheduled, a connection waits for the others' responses.
function delay_after_last()
  scheduled = scheduled + 1
  return scheduled <= count and 0 or 600000
end

function request()
  if not was_probed then  -- wrk calls request() once before it starts, and does not send that request
    was_probed = true
    return requests[1]
  end
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function count_response(status, headers, body)
  if status >= 400 then
    io.write("refused ", status, " ", body, "\n")
    os.exit(1)
  end
  answered = answered + 1
  if answered == count then
    io.write("answered ", answered, " 0 0 0\n")
    os.exit(0)
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write("answered ", summary.requests, " ", summary.duration, " ", latency:percentile(99), " ", failed, "\n")
end
