; ModuleID = '__compute_module_wrapped_broadcast_kernel_module'
source_filename = "__compute_module_wrapped_broadcast_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @wrapped_broadcast(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
vector.ph:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !5)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !8)
  %5 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !10
  %6 = load float, ptr %5, align 4, !invariant.load !3, !alias.scope !5, !noalias !8
  %broadcast.splatinsert = insertelement <8 x float> poison, float %6, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  %7 = getelementptr inbounds nuw i8, ptr %4, i64 32
  %8 = getelementptr inbounds nuw i8, ptr %4, i64 64
  %9 = getelementptr inbounds nuw i8, ptr %4, i64 96
  store <8 x float> %broadcast.splat, ptr %4, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %7, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %8, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %9, align 4, !alias.scope !8, !noalias !5
  %10 = getelementptr inbounds nuw i8, ptr %4, i64 128
  %11 = getelementptr inbounds nuw i8, ptr %4, i64 160
  %12 = getelementptr inbounds nuw i8, ptr %4, i64 192
  %13 = getelementptr inbounds nuw i8, ptr %4, i64 224
  store <8 x float> %broadcast.splat, ptr %10, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %11, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %12, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %13, align 4, !alias.scope !8, !noalias !5
  %14 = getelementptr inbounds nuw i8, ptr %4, i64 256
  %15 = getelementptr inbounds nuw i8, ptr %4, i64 288
  %16 = getelementptr inbounds nuw i8, ptr %4, i64 320
  %17 = getelementptr inbounds nuw i8, ptr %4, i64 352
  store <8 x float> %broadcast.splat, ptr %14, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %15, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %16, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %17, align 4, !alias.scope !8, !noalias !5
  %18 = getelementptr inbounds nuw i8, ptr %4, i64 384
  %19 = getelementptr inbounds nuw i8, ptr %4, i64 416
  %20 = getelementptr inbounds nuw i8, ptr %4, i64 448
  %21 = getelementptr inbounds nuw i8, ptr %4, i64 480
  store <8 x float> %broadcast.splat, ptr %18, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %19, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %20, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %21, align 4, !alias.scope !8, !noalias !5
  %22 = getelementptr inbounds nuw i8, ptr %4, i64 512
  %23 = getelementptr inbounds nuw i8, ptr %4, i64 544
  %24 = getelementptr inbounds nuw i8, ptr %4, i64 576
  %25 = getelementptr inbounds nuw i8, ptr %4, i64 608
  store <8 x float> %broadcast.splat, ptr %22, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %23, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %24, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %25, align 4, !alias.scope !8, !noalias !5
  %26 = getelementptr inbounds nuw i8, ptr %4, i64 640
  %27 = getelementptr inbounds nuw i8, ptr %4, i64 672
  %28 = getelementptr inbounds nuw i8, ptr %4, i64 704
  %29 = getelementptr inbounds nuw i8, ptr %4, i64 736
  store <8 x float> %broadcast.splat, ptr %26, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %27, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %28, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %29, align 4, !alias.scope !8, !noalias !5
  %30 = getelementptr inbounds nuw i8, ptr %4, i64 768
  %31 = getelementptr inbounds nuw i8, ptr %4, i64 800
  %32 = getelementptr inbounds nuw i8, ptr %4, i64 832
  %33 = getelementptr inbounds nuw i8, ptr %4, i64 864
  store <8 x float> %broadcast.splat, ptr %30, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %31, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %32, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %33, align 4, !alias.scope !8, !noalias !5
  %34 = getelementptr inbounds nuw i8, ptr %4, i64 896
  %35 = getelementptr inbounds nuw i8, ptr %4, i64 928
  %36 = getelementptr inbounds nuw i8, ptr %4, i64 960
  %37 = getelementptr inbounds nuw i8, ptr %4, i64 992
  store <8 x float> %broadcast.splat, ptr %34, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %35, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %36, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %37, align 4, !alias.scope !8, !noalias !5
  %38 = getelementptr inbounds nuw i8, ptr %4, i64 1024
  %39 = getelementptr inbounds nuw i8, ptr %4, i64 1056
  %40 = getelementptr inbounds nuw i8, ptr %4, i64 1088
  %41 = getelementptr inbounds nuw i8, ptr %4, i64 1120
  store <8 x float> %broadcast.splat, ptr %38, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %39, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %40, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %41, align 4, !alias.scope !8, !noalias !5
  %42 = getelementptr inbounds nuw i8, ptr %4, i64 1152
  %43 = getelementptr inbounds nuw i8, ptr %4, i64 1184
  %44 = getelementptr inbounds nuw i8, ptr %4, i64 1216
  %45 = getelementptr inbounds nuw i8, ptr %4, i64 1248
  store <8 x float> %broadcast.splat, ptr %42, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %43, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %44, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %45, align 4, !alias.scope !8, !noalias !5
  %46 = getelementptr inbounds nuw i8, ptr %4, i64 1280
  %47 = getelementptr inbounds nuw i8, ptr %4, i64 1312
  %48 = getelementptr inbounds nuw i8, ptr %4, i64 1344
  %49 = getelementptr inbounds nuw i8, ptr %4, i64 1376
  store <8 x float> %broadcast.splat, ptr %46, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %47, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %48, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %49, align 4, !alias.scope !8, !noalias !5
  %50 = getelementptr inbounds nuw i8, ptr %4, i64 1408
  %51 = getelementptr inbounds nuw i8, ptr %4, i64 1440
  %52 = getelementptr inbounds nuw i8, ptr %4, i64 1472
  %53 = getelementptr inbounds nuw i8, ptr %4, i64 1504
  store <8 x float> %broadcast.splat, ptr %50, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %51, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %52, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %53, align 4, !alias.scope !8, !noalias !5
  %54 = getelementptr inbounds nuw i8, ptr %4, i64 1536
  %55 = getelementptr inbounds nuw i8, ptr %4, i64 1568
  %56 = getelementptr inbounds nuw i8, ptr %4, i64 1600
  %57 = getelementptr inbounds nuw i8, ptr %4, i64 1632
  store <8 x float> %broadcast.splat, ptr %54, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %55, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %56, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %57, align 4, !alias.scope !8, !noalias !5
  %58 = getelementptr inbounds nuw i8, ptr %4, i64 1664
  %59 = getelementptr inbounds nuw i8, ptr %4, i64 1696
  %60 = getelementptr inbounds nuw i8, ptr %4, i64 1728
  %61 = getelementptr inbounds nuw i8, ptr %4, i64 1760
  store <8 x float> %broadcast.splat, ptr %58, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %59, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %60, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %61, align 4, !alias.scope !8, !noalias !5
  %62 = getelementptr inbounds nuw i8, ptr %4, i64 1792
  %63 = getelementptr inbounds nuw i8, ptr %4, i64 1824
  %64 = getelementptr inbounds nuw i8, ptr %4, i64 1856
  %65 = getelementptr inbounds nuw i8, ptr %4, i64 1888
  store <8 x float> %broadcast.splat, ptr %62, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %63, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %64, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %65, align 4, !alias.scope !8, !noalias !5
  %66 = getelementptr inbounds nuw i8, ptr %4, i64 1920
  %67 = getelementptr inbounds nuw i8, ptr %4, i64 1952
  %68 = getelementptr inbounds nuw i8, ptr %4, i64 1984
  %69 = getelementptr inbounds nuw i8, ptr %4, i64 2016
  store <8 x float> %broadcast.splat, ptr %66, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %67, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %68, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %69, align 4, !alias.scope !8, !noalias !5
  %70 = getelementptr inbounds nuw i8, ptr %4, i64 2048
  %71 = getelementptr inbounds nuw i8, ptr %4, i64 2080
  %72 = getelementptr inbounds nuw i8, ptr %4, i64 2112
  %73 = getelementptr inbounds nuw i8, ptr %4, i64 2144
  store <8 x float> %broadcast.splat, ptr %70, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %71, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %72, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %73, align 4, !alias.scope !8, !noalias !5
  %74 = getelementptr inbounds nuw i8, ptr %4, i64 2176
  %75 = getelementptr inbounds nuw i8, ptr %4, i64 2208
  %76 = getelementptr inbounds nuw i8, ptr %4, i64 2240
  %77 = getelementptr inbounds nuw i8, ptr %4, i64 2272
  store <8 x float> %broadcast.splat, ptr %74, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %75, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %76, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %77, align 4, !alias.scope !8, !noalias !5
  %78 = getelementptr inbounds nuw i8, ptr %4, i64 2304
  %79 = getelementptr inbounds nuw i8, ptr %4, i64 2336
  %80 = getelementptr inbounds nuw i8, ptr %4, i64 2368
  %81 = getelementptr inbounds nuw i8, ptr %4, i64 2400
  store <8 x float> %broadcast.splat, ptr %78, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %79, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %80, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %81, align 4, !alias.scope !8, !noalias !5
  %82 = getelementptr inbounds nuw i8, ptr %4, i64 2432
  %83 = getelementptr inbounds nuw i8, ptr %4, i64 2464
  %84 = getelementptr inbounds nuw i8, ptr %4, i64 2496
  %85 = getelementptr inbounds nuw i8, ptr %4, i64 2528
  store <8 x float> %broadcast.splat, ptr %82, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %83, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %84, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %85, align 4, !alias.scope !8, !noalias !5
  %86 = getelementptr inbounds nuw i8, ptr %4, i64 2560
  %87 = getelementptr inbounds nuw i8, ptr %4, i64 2592
  %88 = getelementptr inbounds nuw i8, ptr %4, i64 2624
  %89 = getelementptr inbounds nuw i8, ptr %4, i64 2656
  store <8 x float> %broadcast.splat, ptr %86, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %87, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %88, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %89, align 4, !alias.scope !8, !noalias !5
  %90 = getelementptr inbounds nuw i8, ptr %4, i64 2688
  %91 = getelementptr inbounds nuw i8, ptr %4, i64 2720
  %92 = getelementptr inbounds nuw i8, ptr %4, i64 2752
  %93 = getelementptr inbounds nuw i8, ptr %4, i64 2784
  store <8 x float> %broadcast.splat, ptr %90, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %91, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %92, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %93, align 4, !alias.scope !8, !noalias !5
  %94 = getelementptr inbounds nuw i8, ptr %4, i64 2816
  %95 = getelementptr inbounds nuw i8, ptr %4, i64 2848
  %96 = getelementptr inbounds nuw i8, ptr %4, i64 2880
  %97 = getelementptr inbounds nuw i8, ptr %4, i64 2912
  store <8 x float> %broadcast.splat, ptr %94, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %95, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %96, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %97, align 4, !alias.scope !8, !noalias !5
  %98 = getelementptr inbounds nuw i8, ptr %4, i64 2944
  %99 = getelementptr inbounds nuw i8, ptr %4, i64 2976
  %100 = getelementptr inbounds nuw i8, ptr %4, i64 3008
  %101 = getelementptr inbounds nuw i8, ptr %4, i64 3040
  store <8 x float> %broadcast.splat, ptr %98, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %99, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %100, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %101, align 4, !alias.scope !8, !noalias !5
  %102 = getelementptr inbounds nuw i8, ptr %4, i64 3072
  %103 = getelementptr inbounds nuw i8, ptr %4, i64 3104
  %104 = getelementptr inbounds nuw i8, ptr %4, i64 3136
  %105 = getelementptr inbounds nuw i8, ptr %4, i64 3168
  store <8 x float> %broadcast.splat, ptr %102, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %103, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %104, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %105, align 4, !alias.scope !8, !noalias !5
  %106 = getelementptr inbounds nuw i8, ptr %4, i64 3200
  %107 = getelementptr inbounds nuw i8, ptr %4, i64 3232
  %108 = getelementptr inbounds nuw i8, ptr %4, i64 3264
  %109 = getelementptr inbounds nuw i8, ptr %4, i64 3296
  store <8 x float> %broadcast.splat, ptr %106, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %107, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %108, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %109, align 4, !alias.scope !8, !noalias !5
  %110 = getelementptr inbounds nuw i8, ptr %4, i64 3328
  %111 = getelementptr inbounds nuw i8, ptr %4, i64 3360
  %112 = getelementptr inbounds nuw i8, ptr %4, i64 3392
  %113 = getelementptr inbounds nuw i8, ptr %4, i64 3424
  store <8 x float> %broadcast.splat, ptr %110, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %111, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %112, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %113, align 4, !alias.scope !8, !noalias !5
  %114 = getelementptr inbounds nuw i8, ptr %4, i64 3456
  %115 = getelementptr inbounds nuw i8, ptr %4, i64 3488
  %116 = getelementptr inbounds nuw i8, ptr %4, i64 3520
  %117 = getelementptr inbounds nuw i8, ptr %4, i64 3552
  store <8 x float> %broadcast.splat, ptr %114, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %115, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %116, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %117, align 4, !alias.scope !8, !noalias !5
  %118 = getelementptr inbounds nuw i8, ptr %4, i64 3584
  %119 = getelementptr inbounds nuw i8, ptr %4, i64 3616
  %120 = getelementptr inbounds nuw i8, ptr %4, i64 3648
  %121 = getelementptr inbounds nuw i8, ptr %4, i64 3680
  store <8 x float> %broadcast.splat, ptr %118, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %119, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %120, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %121, align 4, !alias.scope !8, !noalias !5
  %122 = getelementptr inbounds nuw i8, ptr %4, i64 3712
  %123 = getelementptr inbounds nuw i8, ptr %4, i64 3744
  %124 = getelementptr inbounds nuw i8, ptr %4, i64 3776
  %125 = getelementptr inbounds nuw i8, ptr %4, i64 3808
  store <8 x float> %broadcast.splat, ptr %122, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %123, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %124, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %125, align 4, !alias.scope !8, !noalias !5
  %126 = getelementptr inbounds nuw i8, ptr %4, i64 3840
  %127 = getelementptr inbounds nuw i8, ptr %4, i64 3872
  %128 = getelementptr inbounds nuw i8, ptr %4, i64 3904
  %129 = getelementptr inbounds nuw i8, ptr %4, i64 3936
  store <8 x float> %broadcast.splat, ptr %126, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %127, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %128, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %129, align 4, !alias.scope !8, !noalias !5
  %130 = getelementptr inbounds nuw i8, ptr %4, i64 3968
  %131 = getelementptr inbounds nuw i8, ptr %4, i64 4000
  %132 = getelementptr inbounds nuw i8, ptr %4, i64 4032
  %133 = getelementptr inbounds nuw i8, ptr %4, i64 4064
  store <8 x float> %broadcast.splat, ptr %130, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %131, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %132, align 4, !alias.scope !8, !noalias !5
  store <8 x float> %broadcast.splat, ptr %133, align 4, !alias.scope !8, !noalias !5
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 1}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 4096}
!5 = !{!6}
!6 = distinct !{!6, !7, !"wrapped_broadcast_wrapped: argument 0"}
!7 = distinct !{!7, !"wrapped_broadcast_wrapped"}
!8 = !{!9}
!9 = distinct !{!9, !7, !"wrapped_broadcast_wrapped: argument 1"}
!10 = !{i64 4}
