;; The plugin of scripts/demo: plain exports, no imports. arithmetic.wasm is this text assembled,
;; which ArithmeticExampleTest checks.
(module $arithmetic
  (func $fibonacci (export "fibonacci") (param $n i32) (result i64)
    (local $a i64) (local $b i64) (local $t i64)
    i64.const 1
    local.set $b
    loop
      local.get $n
      if
        local.get $a
        local.get $b
        i64.add
        local.set $t
        local.get $b
        local.set $a
        local.get $t
        local.set $b
        local.get $n
        i32.const 1
        i32.sub
        local.set $n
        br 1
      end
    end
    local.get $a)
  (func $divide (export "divide") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.div_s))
