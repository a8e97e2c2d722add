-- Envoy chose the route before the tenant was known. Now tenant, affinity and model are, so it chooses again: the
-- tenant's own route, with the tenant's limits and the model's replicas.
-- Every change of a header lets Envoy choose again; there is a call for it too, which Envoy Gateway's check of scripts
-- does not know.
function envoy_on_request(handle)
  local text = set_affinity(handle)
  local model = text and string.match(text, '"model"%s*:%s*"([^"\\]+)"')
  handle:headers():replace("x-meridian-model", string.sub(model or "", 1, 256))
end
