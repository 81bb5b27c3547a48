; ModuleID = '__compute_module___compute_module_wrapped_compare'
source_filename = "__compute_module___compute_module_wrapped_compare"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn
define noalias noundef ptr @wrapped_compare(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %3 = load ptr, ptr %2, align 8
  %4 = load i64, ptr %3, align 4, !invariant.load !3
  %5 = icmp slt i64 %4, 1
  br i1 %5, label %.lr.ph, label %53

.lr.ph:                                           ; preds = %1
  %6 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %7 = load ptr, ptr %6, align 8, !invariant.load !3
  %8 = getelementptr inbounds nuw i8, ptr %7, i64 32
  %9 = load ptr, ptr %8, align 8, !invariant.load !3
  %10 = getelementptr inbounds nuw i8, ptr %7, i64 16
  %11 = load ptr, ptr %10, align 8, !invariant.load !3
  %12 = load ptr, ptr %7, align 8, !invariant.load !3
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %.sroa.0.0.copyload = load <8 x float>, ptr %12, align 4
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 32
  %.sroa.4.0.copyload = load <8 x float>, ptr %.sroa.4.0..sroa_idx, align 4
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 64
  %.sroa.5.0.copyload = load <8 x float>, ptr %.sroa.5.0..sroa_idx, align 4
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 96
  %.sroa.6.0.copyload = load <8 x float>, ptr %.sroa.6.0..sroa_idx, align 4
  %.sroa.7.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 128
  %.sroa.7.0.copyload = load <8 x float>, ptr %.sroa.7.0..sroa_idx, align 4
  %.sroa.8.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 160
  %.sroa.8.0.copyload = load <8 x float>, ptr %.sroa.8.0..sroa_idx, align 4
  %.sroa.9.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 192
  %.sroa.9.0.copyload = load <8 x float>, ptr %.sroa.9.0..sroa_idx, align 4
  %.sroa.10.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 224
  %.sroa.10.0.copyload = load <2 x float>, ptr %.sroa.10.0..sroa_idx, align 4
  %.sroa.10.0.vec.expand = shufflevector <2 x float> %.sroa.10.0.copyload, <2 x float> poison, <8 x i32> <i32 0, i32 1, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison>
  %.sroa.10.0.vecblend = shufflevector <8 x float> %.sroa.10.0.vec.expand, <8 x float> <float poison, float poison, float undef, float undef, float undef, float undef, float undef, float undef>, <8 x i32> <i32 0, i32 1, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15>
  %13 = alloca [64 x float], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(232) %13, ptr noundef nonnull align 4 dereferenceable(232) %11, i64 232, i1 false)
  %14 = alloca [64 x i8], align 64
  %15 = load <8 x float>, ptr %13, align 4
  %16 = fcmp ogt <8 x float> %.sroa.0.0.copyload, %15
  %17 = zext <8 x i1> %16 to <8 x i8>
  store <8 x i8> %17, ptr %14, align 64
  %18 = getelementptr inbounds nuw i8, ptr %13, i64 32
  %19 = load <8 x float>, ptr %18, align 4
  %20 = fcmp ogt <8 x float> %.sroa.4.0.copyload, %19
  %21 = zext <8 x i1> %20 to <8 x i8>
  %22 = getelementptr inbounds nuw i8, ptr %14, i64 8
  store <8 x i8> %21, ptr %22, align 8
  %23 = getelementptr inbounds nuw i8, ptr %13, i64 64
  %24 = load <8 x float>, ptr %23, align 4
  %25 = fcmp ogt <8 x float> %.sroa.5.0.copyload, %24
  %26 = zext <8 x i1> %25 to <8 x i8>
  %27 = getelementptr inbounds nuw i8, ptr %14, i64 16
  store <8 x i8> %26, ptr %27, align 16
  %28 = getelementptr inbounds nuw i8, ptr %13, i64 96
  %29 = load <8 x float>, ptr %28, align 4
  %30 = fcmp ogt <8 x float> %.sroa.6.0.copyload, %29
  %31 = zext <8 x i1> %30 to <8 x i8>
  %32 = getelementptr inbounds nuw i8, ptr %14, i64 24
  store <8 x i8> %31, ptr %32, align 8
  %33 = getelementptr inbounds nuw i8, ptr %13, i64 128
  %34 = load <8 x float>, ptr %33, align 4
  %35 = fcmp ogt <8 x float> %.sroa.7.0.copyload, %34
  %36 = zext <8 x i1> %35 to <8 x i8>
  %37 = getelementptr inbounds nuw i8, ptr %14, i64 32
  store <8 x i8> %36, ptr %37, align 32
  %38 = getelementptr inbounds nuw i8, ptr %13, i64 160
  %39 = load <8 x float>, ptr %38, align 4
  %40 = fcmp ogt <8 x float> %.sroa.8.0.copyload, %39
  %41 = zext <8 x i1> %40 to <8 x i8>
  %42 = getelementptr inbounds nuw i8, ptr %14, i64 40
  store <8 x i8> %41, ptr %42, align 8
  %43 = getelementptr inbounds nuw i8, ptr %13, i64 192
  %44 = load <8 x float>, ptr %43, align 4
  %45 = fcmp ogt <8 x float> %.sroa.9.0.copyload, %44
  %46 = zext <8 x i1> %45 to <8 x i8>
  %47 = getelementptr inbounds nuw i8, ptr %14, i64 48
  store <8 x i8> %46, ptr %47, align 16
  %48 = getelementptr inbounds nuw i8, ptr %13, i64 224
  %49 = load <8 x float>, ptr %48, align 4
  %50 = fcmp ogt <8 x float> %.sroa.10.0.vecblend, %49
  %51 = zext <8 x i1> %50 to <8 x i8>
  %52 = getelementptr inbounds nuw i8, ptr %14, i64 56
  store <8 x i8> %51, ptr %52, align 8
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(58) %9, ptr noundef nonnull align 64 dereferenceable(58) %14, i64 58, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  br label %53

53:                                               ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
