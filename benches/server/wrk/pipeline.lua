-- Sixteen requests in each write.
init = function()
    batch = string.rep(wrk.format("GET", wrk.path), 16)
end

request = function()
    return batch
end
