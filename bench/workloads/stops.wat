;; Guests that never end, each in another way, and what a neighbour on the same module does: `work`.
;; `--mode stops` stops them.
(module
  (type $binary (func (param i32 i32) (result i32)))
  (type $numbers (array (mut i64)))
  (import "host" "pause" (func $pause))
  (memory $memory (export "memory") 17 17)
  (memory $big 0 1024)
  (memory $shared 1 1 shared)
  (table $functions 2 2 funcref)
  (table $elements 100000 100000 funcref)
  (elem (table $functions) (i32.const 0) func $add $sub)
  (tag $thrown)

  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))

  (func (export "nothing") (loop $l (br $l)))

  (func (export "counting") (local $i i64)
    (loop $l
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $l)))

  ;; Left at a value that memory never has.
  (func (export "condition")
    (loop $l
      (br_if $l (i32.ne (i32.load (i32.const 8)) (i32.const 7)))))

  (func (export "stores") (local $i i32)
    (loop $l
      (i32.store (i32.and (local.get $i) (i32.const 0xffffc)) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br $l)))

  ;; What a JIT makes vectors of, a megabyte at a time.
  (func (export "vector loop") (local $i i32)
    (loop $forever
      (local.set $i (i32.const 0))
      (loop $l
        (i32.store (local.get $i) (i32.add (i32.load (local.get $i)) (i32.const 3)))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $l (i32.ne (local.get $i) (i32.const 0x100000))))
      (br $forever)))

  ;; Two thousand million turns, counted.
  (func (export "long counted loop") (local $i i32) (local $sum i32)
    (loop $forever
      (local.set $i (i32.const 0))
      (loop $l
        (local.set $sum
          (i32.mul (i32.xor (local.get $sum) (i32.load (i32.and (local.get $i) (i32.const 0xfffc))))
            (i32.const 31)))
        (br_if $l
          (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x7fffffff))))
      (i32.store (i32.const 16) (local.get $sum))
      (br $forever)))

  (func (export "short counted loops") (local $i i32) (local $sum i32)
    (loop $forever
      (local.set $i (i32.const 50))
      (loop $l
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 5)) (local.get $i)))
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (i32.store (i32.const 16) (local.get $sum))
      (br $forever)))

  ;; `i += 4; i != 400`, but begun anew from the middle before it gets there.
  (func (export "counted loop begun anew") (local $i i32)
    (loop $l
      (br_if $l (i32.eqz (i32.load (i32.const 8))))
      (br_if $l
        (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 400)))))

  (func (export "switch") (local $state i32)
    (loop $l
      (block $c (block $b (block $a
        (br_table $a $b $c (local.get $state)))
        (local.set $state (i32.const 1)) (br $l))
        (local.set $state (i32.const 2)) (br $l))
      (local.set $state (i32.load (i32.const 8)))
      (br $l)))

  (func (export "calls") (local $i i32)
    (loop $l
      (local.set $i (call $add (local.get $i) (i32.const 3)))
      (br $l)))

  (func (export "indirect calls") (local $i i32)
    (loop $l
      (local.set $i
        (call_indirect $functions (type $binary)
          (local.get $i) (i32.const 3) (i32.and (local.get $i) (i32.const 1))))
      (br $l)))

  (func $tree (param $depth i32) (result i32)
    (if (result i32) (local.get $depth)
      (then
        (i32.add
          (call $tree (i32.sub (local.get $depth) (i32.const 1)))
          (call $tree (i32.sub (local.get $depth) (i32.const 1)))))
      (else (i32.const 1))))

  ;; Sixty levels of two calls each.
  (func (export "recursion") (drop (call $tree (i32.const 60))))

  (func $self (return_call $self))
  (func (export "tail calls of itself") (call $self))

  (func $ping (return_call $pong))
  (func $pong (return_call $ping))
  (func (export "tail calls") (call $ping))

  (func (export "exceptions")
    (loop $l
      (block $caught (try_table (catch $thrown $caught) (throw $thrown)))
      (br $l)))

  (func (export "memory.fill of 64 MB")
    (drop (memory.grow $big (i32.const 1024)))
    (loop $l
      (memory.fill $big (i32.const 0) (i32.const 1) (i32.const 0x4000000))
      (br $l)))

  (func (export "memory.copy of 64 MB")
    (drop (memory.grow $big (i32.const 1024)))
    (loop $l
      (memory.copy $big $big (i32.const 1) (i32.const 0) (i32.const 0x3ffffff))
      (br $l)))

  (func (export "memory.fill of 64 KB")
    (loop $l
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x10000))
      (br $l)))

  (func (export "memory.grow in vain")
    (loop $l
      (drop (memory.grow $memory (i32.const 1)))
      (br $l)))

  (func (export "table.copy and table.fill")
    (loop $l
      (table.copy $elements $elements (i32.const 1) (i32.const 0) (i32.const 99999))
      (table.fill $elements (i32.const 0) (ref.null func) (i32.const 100000))
      (br $l)))

  (func (export "array.fill and array.copy") (local $a (ref null $numbers))
    (local.set $a (array.new_default $numbers (i32.const 1000000)))
    (loop $l
      (array.fill $numbers (local.get $a) (i32.const 0) (i64.const 7) (i32.const 1000000))
      (array.copy $numbers $numbers
        (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 999999))
      (br $l)))

  (func (export "garbage") (local $a (ref null $numbers))
    (loop $l
      (local.set $a (array.new_default $numbers (i32.const 100)))
      (br $l)))

  (func (export "host calls") (loop $l (call $pause) (br $l)))

  (func (export "memory.atomic.wait32")
    (loop $l
      (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1)))
      (br $l)))

  ;; Ends after so many turns.
  (func (export "turns") (param $turns i64) (local $x i32)
    (loop $l
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 5)) (i32.load (i32.const 8))))
      (local.set $turns (i64.sub (local.get $turns) (i64.const 1)))
      (br_if $l (i64.ne (local.get $turns) (i64.const 0))))
    (i32.store (i32.const 16) (local.get $x)))

  ;; A fraction of a millisecond: loops, loads, stores and calls.
  (func (export "work") (result i32) (local $i i32) (local $sum i32)
    (loop $l
      (i32.store (i32.and (i32.mul (local.get $i) (i32.const 4)) (i32.const 0xfffc)) (local.get $sum))
      (local.set $sum
        (call $add
          (i32.rotl (local.get $sum) (i32.const 5))
          (i32.load (i32.and (i32.mul (local.get $sum) (i32.const 4)) (i32.const 0xfffc)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 100000))))
    (local.get $sum)))
