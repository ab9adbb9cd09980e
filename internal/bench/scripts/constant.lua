-- One body and one signature, both made before the run: wrk itself signs nothing.
local function read(name)
  local file = assert(io.open(os.getenv(name), "r"))
  local text = file:read("*a")
  file:close()
  return text
end

wrk.method = "POST"
wrk.body = read("BODY_FILE")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Webchat-Signature"] = os.getenv("SIGNATURE")
