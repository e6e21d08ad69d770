//! What Redis does as a whole, in Lua: to change a session, and to end some.
//!
//! Before it: the store put keys and values together. After it: Redis answers.

use std::sync::LazyLock;

use redis::Script;

/// The beginning of the fields that are values.
pub(super) const VALUE: &str = "v:";

/// What is known of a user's sessions goes with the session. Run again after its answer was lost, it
/// does the same again.
pub(super) static CHANGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local old, new, users, now, left = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
if ARGV[6] == '0' then
    local ends = redis.call('HGET', old, 'e')
    if not ends or tonumber(ends) <= tonumber(now) then
        if old == new then return 0 end
        return redis.call('EXISTS', new)
    end
end
local before = redis.call('HGET', old, 'u')
if ARGV[7] == '1' then
    for _, field in ipairs(redis.call('HKEYS', old)) do
        if string.sub(field, 1, 2) == 'v:' then redis.call('HDEL', old, field) end
    end
end
for i = 10, #ARGV, 3 do
    if ARGV[i] == 'set' then
        redis.call('HSET', old, ARGV[i + 1], ARGV[i + 2])
    else
        redis.call('HDEL', old, ARGV[i + 1])
    end
end
redis.call('HSET', old, 'e', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', old, 'c', ARGV[5]) end
local user = before
if ARGV[8] == '1' then
    user = ARGV[9]
    redis.call('HSET', old, 'u', user)
end
if old ~= new then redis.call('RENAME', old, new) end
redis.call('PEXPIRE', new, left)
if before and (before ~= user or old ~= new) then redis.call('ZREM', users .. before, old) end
if user then
    local index = users .. user
    redis.call('ZADD', index, ARGV[4], new)
    redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
    if redis.call('PTTL', index) < tonumber(left) then redis.call('PEXPIRE', index, left) end
end
return 1
",
    )
});

pub(super) static DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local user = redis.call('HGET', KEYS[1], 'u')
if user then redis.call('ZREM', ARGV[1] .. user, KEYS[1]) end
return redis.call('DEL', KEYS[1])
",
    )
});

/// The set has them by when they end.
pub(super) static DELETE_OLDEST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local oldest = redis.call('ZRANGE', KEYS[1], 0, -1 - tonumber(ARGV[1]))
for _, key in ipairs(oldest) do
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[1], key)
end
return #oldest
",
    )
});

pub(super) static DELETE_USER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local ended = 0
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if key ~= ARGV[1] then
        local is_over = tonumber(redis.call('ZSCORE', KEYS[1], key)) <= tonumber(ARGV[2])
        local was = redis.call('DEL', key)
        if not is_over then ended = ended + was end
        redis.call('ZREM', KEYS[1], key)
    end
end
return ended
",
    )
});
