;; Exceptions as programs use them: a recursive parser that gives up from deep inside, blocks that
;; must be left in order (finally), retries, an error that is translated on its way up, and loops
;; whose bodies are guarded but hardly ever throw.
(module
  (type $error (struct (field $code i32) (field $position i32)))
  (tag $syntax (param i32))
  (tag $limit (param i64 i64))
  (tag $failure (param (ref $error)))

  (memory 1)
  (global $at (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $depth (mut i32) (i32.const 0))
  (global $left (mut i32) (i32.const 0))
  (global $random (mut i32) (i32.const 1))

  (func $nextRandom (result i32)
    (local $x i32)
    (local.set $x (global.get $random))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
    (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
    (global.set $random (local.get $x))
    (local.get $x))

  ;; Text of nested sums in parentheses; now and then a character that does not belong there.
  (func $write (param $depth i32)
    (local $terms i32)
    (if (i32.or (i32.eqz (local.get $depth))
        (i32.eqz (i32.and (call $nextRandom) (i32.const 3))))
      (then
        (call $emit
          (if (result i32) (i32.eqz (i32.rem_u (call $nextRandom) (i32.const 97)))
            (then (i32.const 63))
            (else (i32.add (i32.const 48) (i32.rem_u (call $nextRandom) (i32.const 10))))))
        (return)))
    (call $emit (i32.const 40))
    (local.set $terms (i32.add (i32.const 1) (i32.and (call $nextRandom) (i32.const 3))))
    (loop $next
      (call $write (i32.sub (local.get $depth) (i32.const 1)))
      (if (local.tee $terms (i32.sub (local.get $terms) (i32.const 1)))
        (then
          (call $emit (i32.const 43))
          (br $next))))
    (call $emit (i32.const 41)))
  (func $emit (param $character i32)
    (i32.store8 (global.get $end) (local.get $character))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))

  (func $peek (result i32)
    (if (result i32) (i32.lt_u (global.get $at) (global.get $end))
      (then (i32.load8_u (global.get $at)))
      (else (i32.const 0))))

  (func $expect (param $character i32)
    (if (i32.ne (call $peek) (local.get $character))
      (then (throw $syntax (global.get $at))))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  ;; The depth is counted down again whichever way this is left.
  (func $sum (result i64)
    (local $value i64) (local $thrown exnref)
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (block $finally (result exnref)
      (local.set $value
        (try_table (result i64) (catch_all_ref $finally)
          (local.set $value (call $term))
          (block $done
            (loop $next
              (br_if $done (i32.ne (call $peek) (i32.const 43)))
              (call $expect (i32.const 43))
              (local.set $value (i64.add (local.get $value) (call $term)))
              (br $next)))
          (local.get $value)))
      (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
      (return (local.get $value)))
    (local.set $thrown)
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    (global.set $left (i32.add (global.get $left) (i32.const 1)))
    (throw_ref (local.get $thrown)))

  (func $term (result i64)
    (local $character i32) (local $value i64)
    (local.set $character (call $peek))
    (if (i32.eq (local.get $character) (i32.const 40))
      (then
        (call $expect (i32.const 40))
        (local.set $value (call $sum))
        (call $expect (i32.const 41))
        (if (i64.gt_u (local.get $value) (i64.const 120))
          (then (throw $limit (local.get $value) (i64.const 120))))
        (return (local.get $value))))
    (if (i32.gt_u (i32.sub (local.get $character) (i32.const 48)) (i32.const 9))
      (then (throw $syntax (global.get $at))))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (i64.extend_i32_u (i32.sub (local.get $character) (i32.const 48))))

  ;; Repairs the text where it is wrong, and tries again; gives up on too large a sum.
  (func $parse (result i64)
    (local $position i32) (local $tries i32) (local $bound i64) (local $value i64)
    (loop $again
      (global.set $at (i32.const 0))
      (block $large (result i64 i64)
        (block $wrong (result i32)
          (return (try_table (result i64) (catch $syntax $wrong) (catch $limit $large)
            (call $sum))))
        (local.set $position)
        (if (i32.eq (local.tee $tries (i32.add (local.get $tries) (i32.const 1))) (i32.const 4))
          (then (throw $failure
            (struct.new $error (i32.const 1) (local.get $position)))))
        (i32.store8 (local.get $position) (i32.const 49))
        (br $again))
      (local.set $bound)
      (local.set $value)
      (throw $failure (struct.new $error (i32.wrap_i64 (local.get $value))
        (i32.add (global.get $at) (i32.wrap_i64 (local.get $bound)))))))

  (func $parsed (result f64)
    (local $error (ref null $error))
    (block $failed (result (ref $error))
      (return (f64.convert_i64_s
        (try_table (result i64) (catch $failure $failed) (call $parse)))))
    (local.set $error)
    (f64.convert_i32_s (i32.sub
      (i32.mul (struct.get $error $code (local.get $error)) (i32.const -7))
      (struct.get $error $position (local.get $error)))))

  ;; A guarded loop over the text, where one character in some hundred throws.
  (func $digits (result i32)
    (local $i i32) (local $sum i32)
    (loop $next
      (block $odd (result i32)
        (try_table (catch $syntax $odd)
          (local.set $sum (i32.add
            (i32.mul (local.get $sum) (i32.const 3))
            (call $digit (local.get $i)))))
        (i32.const 0))
      (local.set $sum (i32.xor (local.get $sum)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (global.get $end))))
    (local.get $sum))
  (func $digit (param $i i32) (result i32)
    (local $character i32)
    (local.set $character (i32.load8_u (local.get $i)))
    (if (i32.eq (local.get $character) (i32.const 63))
      (then (throw $syntax (local.get $i))))
    (i32.and (local.get $character) (i32.const 15)))

  (func (export "run") (param $n i32) (result f64)
    (local $sum f64)
    (global.set $random (i32.const 20260102))
    (global.set $left (i32.const 0))
    (loop $round
      (global.set $end (i32.const 0))
      (call $write (i32.const 6))
      (local.set $sum (f64.add (local.get $sum) (f64.convert_i32_s (call $digits))))
      (local.set $sum (f64.add (local.get $sum) (call $parsed)))
      (if (global.get $depth) (then (unreachable)))
      (br_if $round (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
        (i32.const 0))))
    (f64.add (local.get $sum) (f64.convert_i32_s (global.get $left)))))
