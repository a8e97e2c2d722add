-- Envoy chose the route before the tenant was known. Now tenant, affinity and model are, so it chooses again: the
-- tenant's own route, with the tenant's limits and the model's replicas.
function envoy_on_request(handle)
  local text = set_affinity(handle)
  if text ~= nil then
    local model = string.match(text, '"model"%s*:%s*"([^"\\]+)"')
    if model ~= nil then
      handle:headers():replace("x-meridian-model", string.sub(model, 1, 256))
    end
  end
  handle:clearRouteCache()
end
