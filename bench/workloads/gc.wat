;; Objects of the garbage collector: trees built and checked, lists folded, casts down a type
;; hierarchy, arrays of numbers and of references, small integers as references.
(module
  (rec
    (type $tree (sub (struct (field $left (ref null $tree)) (field $right (ref null $tree)))))
    (type $leaf (sub final $tree (struct (field (ref null $tree)) (field (ref null $tree))
      (field $value i32)))))
  (type $shape (sub (struct (field $id i32))))
  (type $circle (sub final $shape (struct (field i32) (field $radius f64))))
  (type $square (sub final $shape (struct (field i32) (field $side f64))))
  (type $cell (struct (field $head i32) (field $tail (mut (ref null $cell)))))
  (type $ints (array (mut i32)))
  (type $bytes (array (mut i8)))
  (type $shapes (array (mut (ref null $shape))))
  (type $boxes (array (mut eqref)))

  (func $build (param $depth i32) (param $seed i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $leaf (ref.null $tree) (ref.null $tree) (local.get $seed)))
      (else (struct.new $tree
        (call $build (i32.sub (local.get $depth) (i32.const 1))
          (i32.mul (local.get $seed) (i32.const 31)))
        (call $build (i32.sub (local.get $depth) (i32.const 1))
          (i32.add (local.get $seed) (i32.const 7)))))))

  (func $check (param $tree (ref null $tree)) (result i32)
    (local $leaf (ref null $leaf))
    (block $isLeaf (result (ref $leaf))
      (drop (br_on_cast $isLeaf (ref null $tree) (ref $leaf) (local.get $tree)))
      (return (i32.add
        (i32.mul (call $check (struct.get $tree $left (local.get $tree))) (i32.const 3))
        (call $check (struct.get $tree $right (local.get $tree))))))
    (struct.get $leaf $value))

  (func $lists (param $length i32) (result i32)
    (local $list (ref null $cell)) (local $back (ref null $cell)) (local $rest (ref null $cell))
    (local $sum i32)
    (loop $fill
      (local.set $list (struct.new $cell (local.get $length) (local.get $list)))
      (br_if $fill (local.tee $length (i32.sub (local.get $length) (i32.const 1)))))
    (loop $reverse
      (local.set $rest (struct.get $cell $tail (local.get $list)))
      (struct.set $cell $tail (local.get $list) (local.get $back))
      (local.set $back (local.get $list))
      (local.set $list (local.get $rest))
      (br_if $reverse (i32.eqz (ref.is_null (local.get $list)))))
    (loop $fold
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
        (struct.get $cell $head (local.get $back))))
      (local.set $back (struct.get $cell $tail (local.get $back)))
      (br_if $fold (i32.eqz (ref.is_null (local.get $back)))))
    (local.get $sum))

  (func $area (param $shape (ref null $shape)) (result f64)
    (local $side f64)
    (if (ref.test (ref $circle) (local.get $shape))
      (then (return (f64.mul (f64.const 3.140625)
        (f64.mul
          (struct.get $circle $radius (ref.cast (ref $circle) (local.get $shape)))
          (struct.get $circle $radius (ref.cast (ref $circle) (local.get $shape))))))))
    (if (ref.test (ref $square) (local.get $shape))
      (then
        (local.set $side (struct.get $square $side (ref.cast (ref $square) (local.get $shape))))
        (return (f64.mul (local.get $side) (local.get $side)))))
    (f64.convert_i32_s (struct.get $shape $id (local.get $shape))))

  (func $shapes (param $count i32) (result f64)
    (local $all (ref $shapes)) (local $i i32) (local $sum f64)
    (local.set $all (array.new_default $shapes (local.get $count)))
    (loop $make
      (array.set $shapes (local.get $all) (local.get $i)
        (if (result (ref $shape)) (i32.rem_u (local.get $i) (i32.const 3))
          (then (if (result (ref $shape)) (i32.and (local.get $i) (i32.const 1))
            (then (struct.new $circle (local.get $i) (f64.convert_i32_s (local.get $i))))
            (else (struct.new $square (local.get $i) (f64.convert_i32_s (local.get $i))))))
          (else (struct.new $shape (local.get $i)))))
      (br_if $make (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $count))))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $sum (f64.add (local.get $sum)
        (call $area (array.get $shapes (local.get $all) (local.get $i)))))
      (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $count))))
    (local.get $sum))

  ;; A sieve over bytes, the primes into an array of integers, a sort by insertion backwards.
  (func $arrays (param $limit i32) (result i32)
    (local $sieve (ref $bytes)) (local $primes (ref $ints)) (local $i i32) (local $k i32)
    (local $count i32) (local $sum i32)
    (local.set $sieve (array.new_default $bytes (local.get $limit)))
    (local.set $primes (array.new_default $ints (local.get $limit)))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (array.get_u $bytes (local.get $sieve) (local.get $i)))
        (then
          (array.set $ints (local.get $primes) (local.get $count) (local.get $i))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $k (i32.add (local.get $i) (local.get $i)))
          (block $done
            (loop $strike
              (br_if $done (i32.ge_u (local.get $k) (local.get $limit)))
              (array.set $bytes (local.get $sieve) (local.get $k) (i32.const 1))
              (local.set $k (i32.add (local.get $k) (local.get $i)))
              (br $strike)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $limit))))
    (loop $fold
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
        (array.get $ints (local.get $primes) (local.get $count))))
      (br_if $fold (local.get $count)))
    (local.get $sum))

  (func $boxed (param $count i32) (result i32)
    (local $boxes (ref $boxes)) (local $i i32) (local $sum i32)
    (local.set $boxes (array.new $boxes (ref.i31 (i32.const 5)) (local.get $count)))
    (loop $each
      (array.set $boxes (local.get $boxes) (local.get $i)
        (ref.i31 (i32.mul (local.get $i) (i32.const 2654435))))
      (local.set $sum (i32.add (local.get $sum)
        (i31.get_s (ref.cast (ref i31)
          (array.get $boxes (local.get $boxes) (i32.shr_u (local.get $i) (i32.const 1)))))))
      (if (ref.eq (array.get $boxes (local.get $boxes) (local.get $i))
                  (array.get $boxes (local.get $boxes) (i32.const 0)))
        (then (local.set $sum (i32.add (local.get $sum) (i32.const 1)))))
      (br_if $each (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $count))))
    (local.get $sum))

  (func (export "run") (param $n i32) (result f64)
    (local $sum f64)
    (loop $round
      (local.set $sum (f64.add (local.get $sum)
        (f64.add
          (f64.convert_i32_s (call $check (call $build (i32.const 11) (local.get $n))))
          (f64.add
            (f64.convert_i32_s (call $lists (i32.const 3000)))
            (f64.add
              (call $shapes (i32.const 2000))
              (f64.add
                (f64.convert_i32_s (call $arrays (i32.const 5000)))
                (f64.convert_i32_s (call $boxed (i32.const 3000)))))))))
      (br_if $round (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
