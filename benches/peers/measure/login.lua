wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"user":{"email":"user1@example.com","password":"leek onion garlic"}}'
