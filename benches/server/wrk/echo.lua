-- A JSON document of 1 KB, posted.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"

local tags, values, nested = {}, {}, {}
for i = 1, 12 do
    tags[i] = string.format('"tag number %02d"', i)
    values[i] = string.format("%d.5", i * 1000)
    nested[i] = string.format('"key%02d":"some longer value, number %02d"', i, i)
end
wrk.body = '{"id":42,"name":"A document of about one kilobyte","tags":['
    .. table.concat(tags, ",") .. '],"values":[' .. table.concat(values, ",")
    .. '],"nested":{' .. table.concat(nested, ",") .. "}}"
