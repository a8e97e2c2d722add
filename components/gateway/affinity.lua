-- Finds what a request belongs to and sets the header that the hash policy reads. A text inside the prompt cannot
-- pass for the field: there its quotes are escaped. Returns the body's text, or nil where there is none.
local function set_affinity(handle)
  local tenant = handle:headers():get("x-meridian-tenant")
  if tenant == nil or handle:headers():get(":method") ~= "POST" then
    return nil
  end
  local key, text = nil, nil
  -- Waits for the whole body; objects taken from the handle before are void afterwards.
  local body = handle:body()
  if body ~= nil then
    text = body:getBytes(0, body:length())
    key = string.match(text, '"prompt_cache_key"%s*:%s*"([^"\\]+)"')
  end
  key = key or handle:headers():get("x-session-id")
  if key ~= nil then
    handle:headers():replace("x-meridian-affinity", tenant .. "/" .. string.sub(key, 1, 256))
  end
  return text
end
