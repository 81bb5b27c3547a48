; ModuleID = '__compute_module___compute_module_wrapped_or'
source_filename = "__compute_module___compute_module_wrapped_or"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_or(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
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
  %12 = phi i64 [ %65, %.lr.ph ], [ 0, %1 ]
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %13 = shl nuw nsw i64 %12, 6
  %14 = getelementptr i8, ptr %4, i64 %13
  %.sroa.0.0.copyload = load <8 x i8>, ptr %14, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 8
  %.sroa.4.0.copyload = load <8 x i8>, ptr %.sroa.4.0..sroa_idx, align 1
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 16
  %.sroa.5.0.copyload = load <8 x i8>, ptr %.sroa.5.0..sroa_idx, align 1
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 24
  %.sroa.6.0.copyload = load <8 x i8>, ptr %.sroa.6.0..sroa_idx, align 1
  %.sroa.7.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 32
  %.sroa.7.0.copyload = load <8 x i8>, ptr %.sroa.7.0..sroa_idx, align 1
  %.sroa.8.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 40
  %.sroa.8.0.copyload = load <8 x i8>, ptr %.sroa.8.0..sroa_idx, align 1
  %.sroa.9.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 48
  %.sroa.9.0.copyload = load <8 x i8>, ptr %.sroa.9.0..sroa_idx, align 1
  %.sroa.10.0..sroa_idx = getelementptr inbounds nuw i8, ptr %14, i64 56
  %.sroa.10.0.copyload = load <8 x i8>, ptr %.sroa.10.0..sroa_idx, align 1
  %15 = alloca [64 x i8], align 8
  %16 = getelementptr i8, ptr %6, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 8 dereferenceable(64) %15, ptr noundef nonnull align 1 dereferenceable(64) %16, i64 64, i1 false)
  %17 = alloca [64 x i8], align 64
  %18 = load <8 x i8>, ptr %15, align 8
  %19 = or <8 x i8> %18, %.sroa.0.0.copyload
  %20 = icmp ne <8 x i8> %19, zeroinitializer
  %21 = zext <8 x i1> %20 to <8 x i8>
  store <8 x i8> %21, ptr %17, align 64
  %22 = getelementptr inbounds nuw i8, ptr %15, i64 8
  %23 = load <8 x i8>, ptr %22, align 8
  %24 = or <8 x i8> %23, %.sroa.4.0.copyload
  %25 = icmp ne <8 x i8> %24, zeroinitializer
  %26 = zext <8 x i1> %25 to <8 x i8>
  %27 = getelementptr inbounds nuw i8, ptr %17, i64 8
  store <8 x i8> %26, ptr %27, align 8
  %28 = getelementptr inbounds nuw i8, ptr %15, i64 16
  %29 = load <8 x i8>, ptr %28, align 8
  %30 = or <8 x i8> %29, %.sroa.5.0.copyload
  %31 = icmp ne <8 x i8> %30, zeroinitializer
  %32 = zext <8 x i1> %31 to <8 x i8>
  %33 = getelementptr inbounds nuw i8, ptr %17, i64 16
  store <8 x i8> %32, ptr %33, align 16
  %34 = getelementptr inbounds nuw i8, ptr %15, i64 24
  %35 = load <8 x i8>, ptr %34, align 8
  %36 = or <8 x i8> %35, %.sroa.6.0.copyload
  %37 = icmp ne <8 x i8> %36, zeroinitializer
  %38 = zext <8 x i1> %37 to <8 x i8>
  %39 = getelementptr inbounds nuw i8, ptr %17, i64 24
  store <8 x i8> %38, ptr %39, align 8
  %40 = getelementptr inbounds nuw i8, ptr %15, i64 32
  %41 = load <8 x i8>, ptr %40, align 8
  %42 = or <8 x i8> %41, %.sroa.7.0.copyload
  %43 = icmp ne <8 x i8> %42, zeroinitializer
  %44 = zext <8 x i1> %43 to <8 x i8>
  %45 = getelementptr inbounds nuw i8, ptr %17, i64 32
  store <8 x i8> %44, ptr %45, align 32
  %46 = getelementptr inbounds nuw i8, ptr %15, i64 40
  %47 = load <8 x i8>, ptr %46, align 8
  %48 = or <8 x i8> %47, %.sroa.8.0.copyload
  %49 = icmp ne <8 x i8> %48, zeroinitializer
  %50 = zext <8 x i1> %49 to <8 x i8>
  %51 = getelementptr inbounds nuw i8, ptr %17, i64 40
  store <8 x i8> %50, ptr %51, align 8
  %52 = getelementptr inbounds nuw i8, ptr %15, i64 48
  %53 = load <8 x i8>, ptr %52, align 8
  %54 = or <8 x i8> %53, %.sroa.9.0.copyload
  %55 = icmp ne <8 x i8> %54, zeroinitializer
  %56 = zext <8 x i1> %55 to <8 x i8>
  %57 = getelementptr inbounds nuw i8, ptr %17, i64 48
  store <8 x i8> %56, ptr %57, align 16
  %58 = getelementptr inbounds nuw i8, ptr %15, i64 56
  %59 = load <8 x i8>, ptr %58, align 8
  %60 = or <8 x i8> %59, %.sroa.10.0.copyload
  %61 = icmp ne <8 x i8> %60, zeroinitializer
  %62 = zext <8 x i1> %61 to <8 x i8>
  %63 = getelementptr inbounds nuw i8, ptr %17, i64 56
  store <8 x i8> %62, ptr %63, align 8
  %64 = getelementptr i8, ptr %8, i64 %13
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %64, ptr noundef nonnull align 64 dereferenceable(64) %17, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %65 = add nuw nsw i64 %12, 1
  %exitcond.not = icmp eq i64 %65, 16
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
