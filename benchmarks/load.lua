-- For wrk, by benchmarks/load.py: pictures as fast as they come, each of another seed; prints one line of JSON.
-- Environment: COMPONENT, the number of the component whose functions are called; SESSION, who asks; MODELS, by commas.
local component, session, models = os.getenv("COMPONENT"), os.getenv("SESSION"), {}
for name in string.gmatch(os.getenv("MODELS"), "[^,]+") do table.insert(models, name) end
local threads, number = {}, 0

function setup(thread) table.insert(threads, thread) end

function init() pictures, busy, bad = 0, 0, 0 end

function request()
  number = number + 1
  local body = string.format(
    '{"component_id":%s,"fn_name":"picture","session_hash":"%s","data":{"model":"%s","seed":%d,"sliders":[0.5,%d]}}',
    component, session, models[number % #models + 1], number % 1000, number % 3)
  return wrk.format("POST", "/gradio_api/component_server", { ["Content-Type"] = "application/json" }, body)
end

function response(status, _, body)
  if status == 200 and string.find(body, '"p"', 1, true) then pictures = pictures + 1
  elseif status == 200 and string.find(body, '"busy"', 1, true) then busy = busy + 1
  else bad = bad + 1 end
end

function done(summary, latency)
  local total = { pictures = 0, busy = 0, bad = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(total) do total[name] = total[name] + thread:get(name) end
  end
  local seconds, errors = summary.duration / 1e6, summary.errors
  print(string.format(
    '{"pictures_per_second":%.1f,"busy_per_second":%.1f,"p50_ms":%.1f,"p95_ms":%.1f,"errors":%d}',
    total.pictures / seconds, total.busy / seconds, latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    total.bad + errors.connect + errors.read + errors.write + errors.timeout))
end
