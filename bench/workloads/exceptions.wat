;; Exceptions: thrown through several frames, caught by tag, by all, with a reference, and rethrown;
;; most calls throw nothing.
(module
  (tag $odd (param i32))
  (tag $deep (param i32 f64))
  (global $cleaned (mut i32) (i32.const 0))

  (func $leaf (param $i i32) (result i32)
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 7)))
      (then (throw $odd (local.get $i))))
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 61)))
      (then (throw $deep (local.get $i) (f64.const 0.5))))
    (i32.xor (local.get $i) (i32.const 0x55)))

  ;; Cleans up whatever passes, and lets it pass.
  (func $middle (param $i i32) (param $depth i32) (result i32)
    (local $thrown exnref)
    (block $out (result exnref)
      (return
        (try_table (result i32) (catch_all_ref $out)
          (if (result i32) (local.get $depth)
            (then (call $middle (local.get $i) (i32.sub (local.get $depth) (i32.const 1))))
            (else (call $leaf (local.get $i)))))))
    (local.set $thrown)
    (global.set $cleaned (i32.add (global.get $cleaned) (i32.const 1)))
    (throw_ref (local.get $thrown)))

  (func $plain (param $i i32) (param $depth i32) (result i32)
    (if (result i32) (local.get $depth)
      (then (i32.add (i32.const 1)
        (call $plain (local.get $i) (i32.sub (local.get $depth) (i32.const 1)))))
      (else (call $leaf (local.get $i)))))

  (func $caught (param $i i32) (result f64)
    (local $value f64) (local $tag i32)
    (block $one (result i32)
      (block $two (result i32 f64)
        (return (f64.convert_i32_s
          (try_table (result i32) (catch $odd $one) (catch $deep $two)
            (if (result i32) (i32.and (local.get $i) (i32.const 1))
              (then (call $middle (local.get $i) (i32.const 2)))
              (else (call $plain (local.get $i) (i32.const 4))))))))
      (local.set $value)
      (local.set $tag)
      (return (f64.add (local.get $value) (f64.convert_i32_s (local.get $tag)))))
    (local.set $tag)
    (f64.convert_i32_s (i32.mul (local.get $tag) (i32.const -3))))

  ;; Thrown and caught in one function.
  (func $local (param $i i32) (result i32)
    (block $handler (result i32)
      (try_table (catch $odd $handler)
        (if (i32.and (local.get $i) (i32.const 3))
          (then (throw $odd (i32.shl (local.get $i) (i32.const 1))))))
      (local.get $i)))

  (func (export "run") (param $n i32) (result f64)
    (local $sum f64) (local $i i32)
    (global.set $cleaned (i32.const 0))
    (loop $next
      (local.set $sum (f64.add (local.get $sum) (f64.add
        (call $caught (local.get $i))
        (f64.convert_i32_s (call $local (local.get $i))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.mul (local.get $n) (i32.const 1000)))))
    (f64.add (local.get $sum) (f64.convert_i32_s (global.get $cleaned)))))
