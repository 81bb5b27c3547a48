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
  %7 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %8 = load ptr, ptr %7, align 8
  %9 = load i64, ptr %8, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %9, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1, %.lr.ph
  %10 = phi i64 [ %66, %.lr.ph ], [ 0, %1 ]
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %11 = shl nuw nsw i64 %10, 6
  %12 = getelementptr [4 x i8], ptr %4, i64 %11
  %.sroa.0.0.copyload = load <8 x float>, ptr %12, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 32
  %.sroa.4.0.copyload = load <8 x float>, ptr %.sroa.4.0..sroa_idx, align 1
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 64
  %.sroa.5.0.copyload = load <8 x float>, ptr %.sroa.5.0..sroa_idx, align 1
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 96
  %.sroa.6.0.copyload = load <8 x float>, ptr %.sroa.6.0..sroa_idx, align 1
  %.sroa.7.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 128
  %.sroa.7.0.copyload = load <8 x float>, ptr %.sroa.7.0..sroa_idx, align 1
  %.sroa.8.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 160
  %.sroa.8.0.copyload = load <8 x float>, ptr %.sroa.8.0..sroa_idx, align 1
  %.sroa.9.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 192
  %.sroa.9.0.copyload = load <8 x float>, ptr %.sroa.9.0..sroa_idx, align 1
  %.sroa.10.0..sroa_idx = getelementptr inbounds nuw i8, ptr %12, i64 224
  %.sroa.10.0.copyload = load <8 x float>, ptr %.sroa.10.0..sroa_idx, align 1
  %13 = alloca [64 x i8], align 64
  %14 = fcmp uno <8 x float> %.sroa.0.0.copyload, zeroinitializer
  %15 = zext <8 x i1> %14 to <8 x i8>
  store <8 x i8> %15, ptr %13, align 64
  %16 = fcmp uno <8 x float> %.sroa.4.0.copyload, zeroinitializer
  %17 = zext <8 x i1> %16 to <8 x i8>
  %18 = getelementptr inbounds nuw i8, ptr %13, i64 8
  store <8 x i8> %17, ptr %18, align 8
  %19 = fcmp uno <8 x float> %.sroa.5.0.copyload, zeroinitializer
  %20 = zext <8 x i1> %19 to <8 x i8>
  %21 = getelementptr inbounds nuw i8, ptr %13, i64 16
  store <8 x i8> %20, ptr %21, align 16
  %22 = fcmp uno <8 x float> %.sroa.6.0.copyload, zeroinitializer
  %23 = zext <8 x i1> %22 to <8 x i8>
  %24 = getelementptr inbounds nuw i8, ptr %13, i64 24
  store <8 x i8> %23, ptr %24, align 8
  %25 = fcmp uno <8 x float> %.sroa.7.0.copyload, zeroinitializer
  %26 = zext <8 x i1> %25 to <8 x i8>
  %27 = getelementptr inbounds nuw i8, ptr %13, i64 32
  store <8 x i8> %26, ptr %27, align 32
  %28 = fcmp uno <8 x float> %.sroa.8.0.copyload, zeroinitializer
  %29 = zext <8 x i1> %28 to <8 x i8>
  %30 = getelementptr inbounds nuw i8, ptr %13, i64 40
  store <8 x i8> %29, ptr %30, align 8
  %31 = fcmp uno <8 x float> %.sroa.9.0.copyload, zeroinitializer
  %32 = zext <8 x i1> %31 to <8 x i8>
  %33 = getelementptr inbounds nuw i8, ptr %13, i64 48
  store <8 x i8> %32, ptr %33, align 16
  %34 = fcmp uno <8 x float> %.sroa.10.0.copyload, zeroinitializer
  %35 = zext <8 x i1> %34 to <8 x i8>
  %36 = getelementptr inbounds nuw i8, ptr %13, i64 56
  store <8 x i8> %35, ptr %36, align 8
  %37 = getelementptr i8, ptr %6, i64 %11
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %37, ptr noundef nonnull align 64 dereferenceable(64) %13, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  %38 = shl i64 %10, 6
  %39 = or disjoint i64 %38, 64
  %40 = getelementptr [4 x i8], ptr %4, i64 %39
  %.sroa.0.0.copyload.1 = load <8 x float>, ptr %40, align 1
  %.sroa.4.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 32
  %.sroa.4.0.copyload.1 = load <8 x float>, ptr %.sroa.4.0..sroa_idx.1, align 1
  %.sroa.5.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 64
  %.sroa.5.0.copyload.1 = load <8 x float>, ptr %.sroa.5.0..sroa_idx.1, align 1
  %.sroa.6.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 96
  %.sroa.6.0.copyload.1 = load <8 x float>, ptr %.sroa.6.0..sroa_idx.1, align 1
  %.sroa.7.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 128
  %.sroa.7.0.copyload.1 = load <8 x float>, ptr %.sroa.7.0..sroa_idx.1, align 1
  %.sroa.8.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 160
  %.sroa.8.0.copyload.1 = load <8 x float>, ptr %.sroa.8.0..sroa_idx.1, align 1
  %.sroa.9.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 192
  %.sroa.9.0.copyload.1 = load <8 x float>, ptr %.sroa.9.0..sroa_idx.1, align 1
  %.sroa.10.0..sroa_idx.1 = getelementptr inbounds nuw i8, ptr %40, i64 224
  %.sroa.10.0.copyload.1 = load <8 x float>, ptr %.sroa.10.0..sroa_idx.1, align 1
  %41 = alloca [64 x i8], align 64
  %42 = fcmp uno <8 x float> %.sroa.0.0.copyload.1, zeroinitializer
  %43 = zext <8 x i1> %42 to <8 x i8>
  store <8 x i8> %43, ptr %41, align 64
  %44 = fcmp uno <8 x float> %.sroa.4.0.copyload.1, zeroinitializer
  %45 = zext <8 x i1> %44 to <8 x i8>
  %46 = getelementptr inbounds nuw i8, ptr %41, i64 8
  store <8 x i8> %45, ptr %46, align 8
  %47 = fcmp uno <8 x float> %.sroa.5.0.copyload.1, zeroinitializer
  %48 = zext <8 x i1> %47 to <8 x i8>
  %49 = getelementptr inbounds nuw i8, ptr %41, i64 16
  store <8 x i8> %48, ptr %49, align 16
  %50 = fcmp uno <8 x float> %.sroa.6.0.copyload.1, zeroinitializer
  %51 = zext <8 x i1> %50 to <8 x i8>
  %52 = getelementptr inbounds nuw i8, ptr %41, i64 24
  store <8 x i8> %51, ptr %52, align 8
  %53 = fcmp uno <8 x float> %.sroa.7.0.copyload.1, zeroinitializer
  %54 = zext <8 x i1> %53 to <8 x i8>
  %55 = getelementptr inbounds nuw i8, ptr %41, i64 32
  store <8 x i8> %54, ptr %55, align 32
  %56 = fcmp uno <8 x float> %.sroa.8.0.copyload.1, zeroinitializer
  %57 = zext <8 x i1> %56 to <8 x i8>
  %58 = getelementptr inbounds nuw i8, ptr %41, i64 40
  store <8 x i8> %57, ptr %58, align 8
  %59 = fcmp uno <8 x float> %.sroa.9.0.copyload.1, zeroinitializer
  %60 = zext <8 x i1> %59 to <8 x i8>
  %61 = getelementptr inbounds nuw i8, ptr %41, i64 48
  store <8 x i8> %60, ptr %61, align 16
  %62 = fcmp uno <8 x float> %.sroa.10.0.copyload.1, zeroinitializer
  %63 = zext <8 x i1> %62 to <8 x i8>
  %64 = getelementptr inbounds nuw i8, ptr %41, i64 56
  store <8 x i8> %63, ptr %64, align 8
  %65 = getelementptr i8, ptr %6, i64 %39
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %65, ptr noundef nonnull align 64 dereferenceable(64) %41, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %66 = add nuw nsw i64 %10, 2
  %exitcond.not.1 = icmp eq i64 %66, 16
  br i1 %exitcond.not.1, label %._crit_edge, label %.lr.ph

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
