; ModuleID = '__compute_module___compute_module_wrapped_compare'
source_filename = "__compute_module___compute_module_wrapped_compare"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_compare(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3
  %9 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %10 = load ptr, ptr %9, align 8
  %11 = load i64, ptr %10, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %11, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1, %.lr.ph
  %12 = phi i64 [ %57, %.lr.ph ], [ 0, %1 ]
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %13 = shl nuw nsw i64 %12, 6
  %14 = getelementptr [4 x i8], ptr %4, i64 %13
  %.sroa.0.0.copyload = load <8 x float>, ptr %14, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 32
  %.sroa.4.0.copyload = load <8 x float>, ptr %.sroa.4.0..sroa_idx, align 1
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 64
  %.sroa.5.0.copyload = load <8 x float>, ptr %.sroa.5.0..sroa_idx, align 1
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 96
  %.sroa.6.0.copyload = load <8 x float>, ptr %.sroa.6.0..sroa_idx, align 1
  %.sroa.7.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 128
  %.sroa.7.0.copyload = load <8 x float>, ptr %.sroa.7.0..sroa_idx, align 1
  %.sroa.8.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 160
  %.sroa.8.0.copyload = load <8 x float>, ptr %.sroa.8.0..sroa_idx, align 1
  %.sroa.9.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 192
  %.sroa.9.0.copyload = load <8 x float>, ptr %.sroa.9.0..sroa_idx, align 1
  %.sroa.10.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 224
  %.sroa.10.0.copyload = load <8 x float>, ptr %.sroa.10.0..sroa_idx, align 1
  %15 = alloca [64 x float], align 4
  %16 = getelementptr [4 x i8], ptr %6, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(256) %15, ptr noundef nonnull align 1 dereferenceable(256) %16, i64 256, i1 false)
  %17 = alloca [64 x i8], align 64
  %18 = load <8 x float>, ptr %15, align 4
  %19 = fcmp ogt <8 x float> %.sroa.0.0.copyload, %18
  %20 = zext <8 x i1> %19 to <8 x i8>
  store <8 x i8> %20, ptr %17, align 64
  %21 = getelementptr inbounds nuw i8, ptr %15, i64 32
  %22 = load <8 x float>, ptr %21, align 4
  %23 = fcmp ogt <8 x float> %.sroa.4.0.copyload, %22
  %24 = zext <8 x i1> %23 to <8 x i8>
  %25 = getelementptr inbounds nuw i8, ptr %17, i64 8
  store <8 x i8> %24, ptr %25, align 8
  %26 = getelementptr inbounds nuw i8, ptr %15, i64 64
  %27 = load <8 x float>, ptr %26, align 4
  %28 = fcmp ogt <8 x float> %.sroa.5.0.copyload, %27
  %29 = zext <8 x i1> %28 to <8 x i8>
  %30 = getelementptr inbounds nuw i8, ptr %17, i64 16
  store <8 x i8> %29, ptr %30, align 16
  %31 = getelementptr inbounds nuw i8, ptr %15, i64 96
  %32 = load <8 x float>, ptr %31, align 4
  %33 = fcmp ogt <8 x float> %.sroa.6.0.copyload, %32
  %34 = zext <8 x i1> %33 to <8 x i8>
  %35 = getelementptr inbounds nuw i8, ptr %17, i64 24
  store <8 x i8> %34, ptr %35, align 8
  %36 = getelementptr inbounds nuw i8, ptr %15, i64 128
  %37 = load <8 x float>, ptr %36, align 4
  %38 = fcmp ogt <8 x float> %.sroa.7.0.copyload, %37
  %39 = zext <8 x i1> %38 to <8 x i8>
  %40 = getelementptr inbounds nuw i8, ptr %17, i64 32
  store <8 x i8> %39, ptr %40, align 32
  %41 = getelementptr inbounds nuw i8, ptr %15, i64 160
  %42 = load <8 x float>, ptr %41, align 4
  %43 = fcmp ogt <8 x float> %.sroa.8.0.copyload, %42
  %44 = zext <8 x i1> %43 to <8 x i8>
  %45 = getelementptr inbounds nuw i8, ptr %17, i64 40
  store <8 x i8> %44, ptr %45, align 8
  %46 = getelementptr inbounds nuw i8, ptr %15, i64 192
  %47 = load <8 x float>, ptr %46, align 4
  %48 = fcmp ogt <8 x float> %.sroa.9.0.copyload, %47
  %49 = zext <8 x i1> %48 to <8 x i8>
  %50 = getelementptr inbounds nuw i8, ptr %17, i64 48
  store <8 x i8> %49, ptr %50, align 16
  %51 = getelementptr inbounds nuw i8, ptr %15, i64 224
  %52 = load <8 x float>, ptr %51, align 4
  %53 = fcmp ogt <8 x float> %.sroa.10.0.copyload, %52
  %54 = zext <8 x i1> %53 to <8 x i8>
  %55 = getelementptr inbounds nuw i8, ptr %17, i64 56
  store <8 x i8> %54, ptr %55, align 8
  %56 = getelementptr i8, ptr %8, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %56, ptr noundef nonnull align 64 dereferenceable(64) %17, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %57 = add nuw nsw i64 %12, 1
  %exitcond.not = icmp eq i64 %57, 16
  br i1 %exitcond.not, label %._crit_edge, label %.lr.ph

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
